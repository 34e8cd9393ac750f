//! The sheet of an escrow key: one page of A4 that is printed once and put into a safe.
//!
//! It holds the private key, as text and as QR code, and what to do with it for somebody who has never seen
//! this program. No script, no font and no picture from anywhere: the policy in its head forbids all but its
//! own style. The caller wipes it and sees to where it is written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use qrcodegen::{QrCode, QrCodeEcc};
use sha2::{Digest, Sha256};

use super::super::escape;
use crate::engine::NewIdentity;

/// The style, which is in the page.
const STYLE: &str = include_str!("paper.css");
/// The modules around a QR code that are to stay white.
const MARGIN: i32 = 4;
/// From how many characters on a recipient is set in small print.
const LONG: usize = 200;
/// More than any page has: one that grew would leave a copy of the key behind.
const ROOM: usize = 64 * 1024;

/// The sheet of an identity, called `name`.
#[must_use]
pub fn paper(identity: &NewIdentity, name: &str) -> String {
    let mut page = String::with_capacity(ROOM);
    let name = text(name);
    push(
        &mut page,
        &[&head(&name), "<h1>Escrow key: ", &name, "</h1>\n"],
    );
    let made = identity.created().unwrap_or_default();
    let made = if made.is_empty() {
        String::new()
    } else {
        format!(" on {made}")
    };
    let version = env!("CARGO_PKG_VERSION");
    push(
        &mut page,
        &[
            "<p>Made",
            &made,
            " by sopsguard ",
            version,
            ". An identity for age and sops.</p>\n",
        ],
    );
    push(&mut page, &[WARNING]);
    push(
        &mut page,
        &["<h2>Private key</h2>\n<div class=\"private\"><p class=\"key\" id=\"private-key\">"],
    );
    push(&mut page, &[identity.expose(), "</p>\n"]);
    push_code(&mut page, identity.expose());
    let recipient = text(identity.recipient());
    let class = if recipient.len() > LONG {
        "key long"
    } else {
        "key public"
    };
    push(
        &mut page,
        &[
            "</div>\n<h2>Recipient (its public half)</h2>\n<p class=\"",
            class,
            "\">",
        ],
    );
    push(
        &mut page,
        &[
            &recipient,
            "</p>\n<h2>Fingerprint</h2>\n<p class=\"key public\">",
        ],
    );
    push(&mut page, &[&identity.fingerprint(), "</p>\n", STEPS, KEPT]);
    page
}

const WARNING: &str = "<p class=\"warning\">Whoever has this page can decrypt every secret that is \
encrypted to this key. Keep it sealed, where it survives every laptop. Do not photograph it, do not send it, and \
delete the file that it was printed from.</p>\n";

const STEPS: &str = "<h2>When it is needed</h2>\n<ol>\n\
<li>On a computer that you trust, scan the code or type the private key into a file that only you can read: \
<code>(umask 077; cat &gt; escrow.txt)</code>, then Enter and Ctrl-D.</li>\n\
<li>See that nothing was mistyped: <code>age-keygen -y escrow.txt</code> prints the recipient above.</li>\n\
<li>In a clone of the repository, see what it opens: <code>sopsguard escrow verify --identity escrow.txt</code></li>\n\
<li>Decrypt a file: <code>SOPS_AGE_KEY_FILE=escrow.txt sops decrypt FILE</code></li>\n\
<li>Give the files a key that people work with: <code>sopsguard escrow add-recipient age1… --name NAME</code> \
(or write it into <code>.sops.yaml</code> and run <code>sops updatekeys FILE</code>).</li>\n\
<li>Delete escrow.txt. If anybody else has seen this page, make another key and take this one out: \
<code>sopsguard escrow keygen</code>.</li>\n</ol>\n";

const KEPT: &str = "<h2>Kept at</h2>\n<table>\n<tr><th width=\"40%\">Place</th><th width=\"20%\">Since</th><th>Proved on (sopsguard escrow \
verify)</th></tr>\n<tr><td></td><td></td><td></td></tr>\n<tr><td></td><td></td><td></td></tr>\n</table>\n\
<footer>The fingerprint is the first half of the SHA-256 of the recipient: \
<code>printf %s RECIPIENT | sha256sum</code>. age: age-encryption.org. sops: getsops.io.</footer>\n</body>\n</html>\n";

fn head(name: &str) -> String {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" content=\"noindex\">\n\
         <title>Escrow key: {name}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    )
}

/// Adds the QR code of a key as a picture; nothing where it is too long for one, which no key is.
fn push_code(page: &mut String, key: &str) {
    let Ok(code) = QrCode::encode_text(key, QrCodeEcc::Quartile) else {
        return;
    };
    let size = code.size() + 2 * MARGIN;
    let size = size.to_string();
    push(
        page,
        &[
            "<svg viewBox=\"0 0 ",
            &size,
            " ",
            &size,
            "\" shape-rendering=\"crispEdges\" role=\"img\" ",
        ],
    );
    push(
        page,
        &["aria-label=\"The private key as QR code\"><path id=\"code\" d=\""],
    );
    for y in 0..code.size() {
        for x in 0..code.size() {
            if code.get_module(x, y) {
                let (x, y) = ((x + MARGIN).to_string(), (y + MARGIN).to_string());
                push(page, &["M", &x, " ", &y, "h1v1h-1z"]);
            }
        }
    }
    push(page, &["\"/></svg>"]);
}

fn push(page: &mut String, parts: &[&str]) {
    for part in parts {
        page.push_str(part);
    }
}

/// A text of somebody else's as HTML: nothing in it is markup.
fn text(of_user: &str) -> String {
    let mut html = String::new();
    for char in escape::text(of_user).chars() {
        match char {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            char => html.push(char),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::KeyKind;

    fn identity(kind: KeyKind) -> NewIdentity {
        NewIdentity::generate(kind, None).unwrap()
    }

    /// What a camera would read from the page.
    fn scanned(page: &str) -> String {
        let (_, path) = page.split_once("<path id=\"code\" d=\"").unwrap();
        let (path, _) = path.split_once('"').unwrap();
        let (_, size) = page.split_once("viewBox=\"0 0 ").unwrap();
        let size: usize = size.split(' ').next().unwrap().parse().unwrap();
        const SCALE: usize = 4;
        let mut is_dark = vec![false; size * size];
        for module in path.split("h1v1h-1z").filter(|module| !module.is_empty()) {
            let (x, y) = module.strip_prefix('M').unwrap().split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            is_dark[y * size + x] = true;
        }
        let mut picture =
            rqrr::PreparedImage::prepare_from_greyscale(size * SCALE, size * SCALE, |x, y| {
                if is_dark[y / SCALE * size + x / SCALE] {
                    0
                } else {
                    255
                }
            });
        let grids = picture.detect_grids();
        grids.first().unwrap().decode().unwrap().1
    }

    #[test]
    fn the_code_on_the_page_is_the_private_key() {
        for kind in [KeyKind::X25519, KeyKind::PostQuantum] {
            let identity = identity(kind);
            let page = paper(&identity, "lab");
            assert_eq!(scanned(&page), identity.expose());
            assert_eq!(page.matches(identity.expose()).count(), 1);
            assert!(page.contains(identity.recipient()));
            assert!(page.contains(&identity.fingerprint()));
            assert!(page.capacity() == ROOM, "it never grew");
        }
    }

    #[test]
    fn a_page_takes_nothing_from_elsewhere_and_no_name_is_markup() {
        let page = paper(&identity(KeyKind::X25519), "<script>'\"&\u{202e}");
        for word in [
            "<script", "http:", "https:", "src=", "href=", "url(", "@import", "\u{202e}",
        ] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.contains("&lt;script&gt;&#39;&quot;&amp;"));
    }
}
