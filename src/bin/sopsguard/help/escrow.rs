//! What stands below the options of `escrow` and its commands.

pub(crate) const ORDER: &str = "\
Examples:
  sopsguard escrow status --leaving carol        what there is to do, in order, and what is done
  sopsguard escrow keygen                        a key for the safe
  sopsguard escrow verify --identity -           proves that what the safe gives back opens every file
  sopsguard help escrow verify                   all about one of the steps";

pub(crate) const KEYGEN_EXAMPLES: &str = "\
Examples:
  sopsguard escrow keygen                        show it once, to be typed into a password manager
  sopsguard escrow keygen --output /media/usb/escrow.txt --passphrase
  sopsguard escrow keygen --paper ~/escrow.html  a sheet to print; delete the file after that
  sopsguard escrow keygen --stdout | pass insert --multiline escrow";

pub(crate) const KEYGEN_EXIT_CODES: &str = "\
Exit codes:
  0  the key is made, and is where you wanted it
  2  the arguments are wrong, FILE lies in a repository or is there already, or there is no terminal
  3  the work could not be done (a file cannot be written)";

pub(crate) const VERIFY_EXAMPLES: &str = "\
Examples:
  pass show escrow | sopsguard escrow verify --identity -
  sopsguard escrow verify --identity /media/usb/escrow.txt --record
  kubectl get secret sops-age -n argocd -o yaml |
    sopsguard escrow verify --identity - --only age1…
  sopsguard escrow verify --identity key.txt --format json | jq '.identities[].\"not-proved\"'";

pub(crate) const VERIFY_EXIT_CODES: &str = "\
Exit codes:
  0  each identity opens every file that it is to open, and sops would accept the files
  1  a file is not opened, an identity could not be tried, or the one that --only names is not there
  2  the arguments or the policy are wrong, the source holds no identity, or --record has no key to note
  3  the work could not be done (a path is not there, a file cannot be written)";

pub(crate) const STATUS_EXAMPLES: &str = "\
Examples:
  sopsguard escrow status                        is there an escrow key, everywhere, and proved
  sopsguard escrow status --leaving carol        what there is to do before and after she goes
  sopsguard escrow status --leaving carol --format json |
    jq -r '.steps[] | select(.state != \"done\") | .what'";

pub(crate) const STATUS_EXIT_CODES: &str = "\
Exit codes:
  0  it was told, whatever is left to do (`sopsguard audit` fails where something must be done)
  2  the arguments or the policy are wrong
  3  the work could not be done (git cannot be read, a stream failed)";

pub(crate) const ADD_EXAMPLES: &str = "\
Examples:
  sopsguard escrow add-recipient age1… --name \"lab escrow\" --role escrow --held-by safe --dry-run
  sopsguard escrow add-recipient age1… --name dora --yes
  sopsguard escrow add-recipient age1… --name ci --role machine --rule 2
  sopsguard escrow add-recipient age1… --name ci --path-regex '^apps/' --only-paths 'apps/**' --diff
  sopsguard escrow add-recipient age1… --name \"lab escrow\" --group 1 --group 2";

pub(crate) const ADD_EXIT_CODES: &str = "\
Exit codes:
  0  the recipient is where it was to be, or (with --dry-run) could be
  1  a file cannot be opened or does not verify, or nobody said yes; nothing was changed, or with
     --skip-refused all others were
  2  the key is none, it is not clear which rules or groups are meant, or a rule is written in a way that
     is not edited
  3  the work could not be done (a file cannot be written)";

pub(crate) const REMOVE_EXAMPLES: &str = "\
Examples:
  sopsguard escrow remove-recipient carol --dry-run    what would change, and what she could read
  sopsguard escrow remove-recipient age1… --yes
  sopsguard escrow remove-recipient carol --without-proof";

pub(crate) const REMOVE_EXIT_CODES: &str = "\
Exit codes:
  0  the recipient opens no file any more, or (with --dry-run) could be taken out
  1  it is too early, a file cannot be opened or does not verify, or nobody said yes; nothing was changed,
     or with --skip-refused the recipient still opens what was left out
  2  nobody is called that, or it is the last key of a rule or a key group
  3  the work could not be done (a file cannot be written)";
