//! What stands below the options in the help of the commands: examples, exit codes, where identities
//! come from.

pub(crate) mod escrow;

pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  nothing wrong; files that could not be verified for want of a key included
  1  a finding at error level, or --require-key or --require-base was not met; explain --tree: sops would not load the file
  2  the arguments, the policy or the baseline are wrong, or a named identity cannot be used (one
     that asks for a passphrase when nobody is there to answer counts as absent)
  3  the work could not be done (a path is not there, a stream failed)";

pub(crate) const EXAMPLES: &str = "\
Examples:
  sopsguard check                                every sops file of the repository
  sopsguard check --staged                       what the next commit will hold
  sopsguard audit                                who can open what, and what is wrong with that
  sopsguard init                                 write down who may decrypt what
  sopsguard install                              let git check every commit
  sopsguard log apps/db.enc.yaml                 what each commit did to a file
  sopsguard recipients                           who can open what
  sopsguard rules mac-mismatch                   what a rule means, and what to do
  sopsguard explain apps/db.enc.yaml             who can open it, by which rule, and if sops would
  sopsguard help check                           all about one command";

pub(crate) const AUDIT_EXAMPLES: &str = "\
Examples:
  sopsguard audit                                the whole repository
  sopsguard audit apps/                          only what concerns this folder
  sopsguard audit --staged                       as the next commit will have it
  sopsguard audit --since origin/main            a branch, judged by the policy of its base, too
  sopsguard audit --format json | jq .findings   for programs";

/// What `--since` does for `audit`, which looks at all files whatever it compares them with.
pub(crate) const AUDIT_SINCE: &str = "\
Compare with the merge base of REV and HEAD, whose policy judges, too. All files are audited all the \
same, as the work tree has them. In REV..TIP, TIP stands for HEAD in that";

/// What `--history` searches for in `audit`.
pub(crate) const AUDIT_HISTORY: &str = "\
Search the history, too, for recipients that were taken out and still know the data key: at most N \
commits [default: 1000]";

pub(crate) const AUDIT_EXIT_CODES: &str = "\
Exit codes:
  0  no finding at error level; warnings are none
  1  a finding at error level, or --require-base was not met
  2  the arguments or the policy are wrong
  3  the work could not be done (a path is not there, a stream failed)";

pub(crate) const CHECK_EXAMPLES: &str = "\
Examples:
  sopsguard check                                every sops file of the repository
  sopsguard check apps/db.enc.yaml               one file
  sopsguard check --staged                       what the next commit will hold
  sopsguard check --since origin/main            what a branch changed, commit by commit
  sopsguard check --history                      and who broke a file, however long ago
  sopsguard check --identity key.txt             with this key and no other
  sopsguard check --require-key                  where a key has to be there
  git show HEAD:db.enc.yaml | sopsguard check -  what a commit holds
  sopsguard check --input-type dotenv env.prod   where the name does not tell the format
  sopsguard check --baseline old.json --write-baseline
                                                 accept what is found now, and tell what is new
  sopsguard check --format json | jq .summary    for programs";

pub(crate) const IDENTITIES: &str = "\
Identities:
  Without --identity, keys are looked for where sops looks: SOPS_AGE_KEY, SOPS_AGE_KEY_FILE,
  SOPS_AGE_KEY_CMD, sops/age/keys.txt in the user's configuration folder, and for files that name an
  SSH key SOPS_AGE_SSH_PRIVATE_KEY_FILE, SOPS_AGE_SSH_PRIVATE_KEY_CMD, ~/.ssh/id_ed25519 and
  ~/.ssh/id_rsa. FILE may hold age keys, an SSH private key, either under a passphrase, or a
  Kubernetes Secret with one of them. Passphrases are asked for on the terminal, once. In a hook
  (--staged, or started by git or pre-commit) nothing is asked and no command is run. Without any
  key, all is checked that needs none, and the report says which files were not verified.";

pub(crate) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  sopsguard explain apps/db.enc.yaml             all about it, on one page
  sopsguard explain new.enc.yaml                 which rule will encrypt a file that is in clear
  sopsguard explain --format json db.enc.yaml | jq .rule
  sopsguard explain --tree apps/db.enc.yaml      paths and types, no values
  sopsguard explain --tree --format json - < values.yaml
  sopsguard explain --tree --input-type json - < secrets";

pub(crate) const EXPLAIN_EXIT_CODES: &str = "\
Exit codes:
  0  the file was explained, whatever is wrong with it
  1  --tree: sops would not load the file
  2  the arguments or the policy are wrong, or a named identity cannot be used
  3  the work could not be done (the file is not there, a stream failed)";

pub(crate) const INIT_EXAMPLES: &str = "\
Examples:
  sopsguard init --dry-run                       see what would be written
  sopsguard init                                 write it, to the root of the repository
  sopsguard init --schema > sopsguard.schema.json";

pub(crate) const INIT_EXIT_CODES: &str = "\
Exit codes:
  0  the file is written, or printed
  2  something lies in its place, and is left as it is; or the arguments are wrong
  3  the work could not be done (no repository, a file cannot be written)";

pub(crate) const INSTALL_EXAMPLES: &str = "\
Examples:
  sopsguard install                              all three hooks
  sopsguard install --hook pre-push              only that one
  sopsguard install --uninstall                  as it was before
  sopsguard install --print pre-commit > .githooks/pre-commit

Leaving a hook out:
  SOPSGUARD_SKIP=1 git commit                    this hook, and no other
  git commit --no-verify                         every hook

Exit codes:
  0  the hooks are there, or gone
  2  a hook was left as it is; why, and what to do, is said
  3  the work could not be done (no repository, a file cannot be written)";

pub(crate) const KEYS_EXIT_CODES: &str = "\
Exit codes:
  0  the keys were tried, whatever they open
  2  the arguments or the policy are wrong, or a named identity cannot be used (one that asks
     for a passphrase when nobody is there to answer counts as absent)
  3  the work could not be done (a path is not there, a stream failed)";

pub(crate) const KEYS_EXAMPLES: &str = "\
Examples:
  sopsguard keys                                 which keys are found, and what they open here
  sopsguard keys apps/ --identity backup.txt     what the backup would open
  kubectl get secret sops-age -o yaml | sopsguard keys --identity -
  sopsguard keys --format json | jq -r '.shut[]' what nobody here can open";

pub(crate) const LOG_EDITS: &str = "\
What a commit did:
  added           the file came into git (`added in clear`: not encrypted)
  encrypted       it stood in clear before, and git keeps what it said
  decrypted       it stands in clear from here on
  sops            it has a new MAC, which takes the data key to write; only a key tells if it fits
  rotated         every value and every copy of the data key is new (`encrypted anew`: by another rule)
  updatekeys      the copies of the data key are new, and no value is
  OUTSIDE SOPS    values changed that the MAC covers, and the MAC did not: sops refuses the file
  outside sops?   the same, as sops also writes it in two edits within one second
  MIXED VERSIONS  values, or the time, of one version under the MAC of another
  not covered     names of keys in clear, empty values, settings: the MAC does not cover them
  comments        comments, and nothing else
  layout          the text, and nothing that it says
  untouched       renamed, or the mode
  restored        what an older commit held";

pub(crate) const LOG_EXIT_CODES: &str = "\
Exit codes:
  0  the history was told, whatever is in it
  2  the arguments are wrong, or a named identity cannot be used
  3  the work could not be done (git has no history of the file, a stream failed)";

pub(crate) const LOG_EXAMPLES: &str = "\
Examples:
  sopsguard log apps/db.enc.yaml                 what happened to it, a line a commit
  sopsguard log -n 5 --verbose apps/db.enc.yaml  the last five, with all paths
  sopsguard log --identity key.txt db.enc.yaml   and since when sops refuses it
  sopsguard log --format json db.enc.yaml |
    jq -r '.entries[] | select(.edit == \"outside-sops\") | .commit'";

pub(crate) const RECIPIENTS_EXIT_CODES: &str = "\
Exit codes:
  0  the table was printed, whatever is in it (`sopsguard audit` fails where a file has too few)
  2  the arguments or the policy are wrong, or nobody goes by the name
  3  the work could not be done (a path is not there, a stream failed)";

pub(crate) const RECIPIENTS_EXAMPLES: &str = "\
Examples:
  sopsguard recipients                           who can open what
  sopsguard recipients --recipient carol         what carol can open
  sopsguard recipients --verbose apps/           a row for each file, however many there are
  sopsguard recipients --format html > access.html
  sopsguard recipients --format csv > access.csv
  sopsguard recipients --format json | jq -r '.files[] | select(.\"bus-factor\" < 2) | .path'";

pub(crate) const RECOVER_EXAMPLES: &str = "\
Examples:
  sopsguard recover                              what was interrupted, and how each file stands
  sopsguard recover --finish                     change the other files, too
  sopsguard recover --undo                       put all files back as they were
  sopsguard recover --format json | jq -r '.files[] | select(.state == \"before\") | .path'";

pub(crate) const RECOVER_EXIT_CODES: &str = "\
Exit codes:
  0  nothing was interrupted, or it is finished or undone now
  2  the arguments are wrong
  3  the work could not be done: a file was edited since, another sopsguard is writing, the journal
     is damaged or somebody else's; nothing was changed
  4  something is still interrupted; also where the system refused on the way: try it again";

pub(crate) const RULES_EXAMPLES: &str = "\
Examples:
  sopsguard rules                                all rules, a line each
  sopsguard rules mac-mismatch                   what it means, and what to do
  sopsguard rules --format json | jq -r '.rules[].id'";

pub(crate) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  sopsguard completions bash > ~/.local/share/bash-completion/completions/sopsguard
  sopsguard completions zsh > ~/.zfunc/_sopsguard     with `fpath+=~/.zfunc` in ~/.zshrc
  sopsguard completions fish > ~/.config/fish/completions/sopsguard.fish";

pub(crate) const MAN_EXAMPLES: &str = "\
Examples:
  sopsguard man | man -l -                       read it
  sopsguard man check | man -l -                 that of a command
  sopsguard man > ~/.local/share/man/man1/sopsguard.1
  sopsguard man check > ~/.local/share/man/man1/sopsguard-check.1";

pub(crate) const UPDATEKEYS_EXIT_CODES: &str = "\
Exit codes:
  0  all files follow their rules now, or did before
  1  a file cannot be changed, or somebody said no: nothing was changed, or with --skip-refused all
     others were; with `--check`: a file does not follow its rule
  2  the arguments or the policy are wrong, or a named identity cannot be used
  3  the work could not be done (a path is not there, a disk is full): nothing was changed
  4  a change was interrupted before: `sopsguard recover`";

pub(crate) const UPDATEKEYS_EXAMPLES: &str = "\
Examples:
  sopsguard updatekeys --check                   does every file follow its rule? Needs no key
  sopsguard updatekeys --dry-run                 who would come and go, file by file
  sopsguard updatekeys                           the same; asks, then changes all files or none
  sopsguard updatekeys --yes apps/shop           without being asked, below one folder
  sopsguard updatekeys --with-sops               let sops encrypt to keys of PGP and of services";

pub(crate) const ROTATE_EXIT_CODES: &str = "\
Exit codes:
  0  all files have new data keys
  1  a file cannot be rotated, or somebody said no: nothing was changed, or with --skip-refused all
     others were
  2  the arguments or the policy are wrong, or a named identity cannot be used
  3  the work could not be done (a path is not there, a disk is full): nothing was changed
  4  a change was interrupted before: `sopsguard recover`";

pub(crate) const ROTATE_EXAMPLES: &str = "\
Examples:
  sopsguard rotate --dry-run                     which files would get a new data key
  sopsguard rotate                               the same; asks, then rotates all files or none
  sopsguard rotate --yes apps/shop               without being asked, below one folder
  sopsguard rotate --skip-refused                all but those that have to wait, and why";

pub(crate) const RESEAL_EXIT_CODES: &str = "\
Exit codes:
  0  the files verify now, or did before
  1  a file cannot be resealed, or somebody said no: nothing was changed
  2  the arguments or the policy are wrong, or a named identity cannot be used
  3  the work could not be done (a path is not there, a disk is full): nothing was changed
  4  a change was interrupted before: `sopsguard recover`";

pub(crate) const RESEAL_EXAMPLES: &str = "\
Examples:
  sopsguard reseal --dry-run apps/db.enc.yaml    what a new MAC would bless, and which commits did it
  sopsguard reseal apps/db.enc.yaml              the same; asks, then writes the new MAC
  sopsguard log apps/db.enc.yaml                 all that ever happened to the file
  git restore --source COMMIT apps/db.enc.yaml   rather the old version than that";

pub(crate) const SPLIT_EXIT_CODES: &str = "\
Exit codes:
  0  each document has a file of its own now
  1  a file cannot be split, or somebody said no: nothing was changed, or with --skip-refused all
     others were
  2  the arguments or the policy are wrong, or a named identity cannot be used
  3  the work could not be done (a path is not there, a disk is full): nothing was changed
  4  a change was interrupted before: `sopsguard recover`";

pub(crate) const SPLIT_EXAMPLES: &str = "\
Examples:
  sopsguard split --dry-run apps/secrets.enc.yaml  which files would come of it, and what lists them
  sopsguard split apps/secrets.enc.yaml          the same; asks, then writes all of it
  git add --all apps                             the new files are new to git, too
  sopsguard split secrets.enc.yaml --into apps   the new files go to another folder
  sopsguard reseal apps/secrets.enc.yaml         first, where it does not verify any more";
