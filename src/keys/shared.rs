//! Secrets shared with one public key again and again, as when a whole repository gets a new recipient.
//!
//! Multiples of a point that is known beforehand take a third of the time with a table of some of them, in constant
//! time as without. The table holds nothing that is secret: its point is a recipient's, and stands in every file.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use curve25519_dalek::edwards::EdwardsBasepointTable;
use curve25519_dalek::traits::{BasepointTable, IsIdentity};
use curve25519_dalek::{EdwardsPoint, MontgomeryPoint};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// From how many secrets on a table is made: that takes as long as some thirty of them.
const WORTH_A_TABLE: usize = 64;

/// The most public keys that are counted. A table has 30 KiB.
const MOST_KEYS: usize = 64;

/// A public key, and how often something was shared with it.
#[derive(Default)]
struct Known {
    uses: AtomicUsize,
    /// None where it is on no curve that has tables.
    table: OnceLock<Option<EdwardsBasepointTable>>,
}

static KNOWN: Mutex<BTreeMap<[u8; 32], Arc<Known>>> = Mutex::new(BTreeMap::new());

/// What `secret` shares with `public` by X25519 (RFC 7748); none where that is known to everybody, because the point
/// is of a small order.
pub(super) fn shared_with(
    secret: &StaticSecret,
    public: &PublicKey,
) -> Option<Zeroizing<[u8; 32]>> {
    let known = known(public);
    let often = known
        .as_ref()
        .filter(|known| known.uses.fetch_add(1, Ordering::Relaxed) >= WORTH_A_TABLE);
    let table = often.and_then(|known| known.table.get_or_init(|| table_of(public)).as_ref());
    match table {
        Some(table) => by_table(secret, table),
        None => {
            let shared = secret.diffie_hellman(public);
            let is_secret = shared.was_contributory();
            is_secret.then(|| Zeroizing::new(shared.to_bytes()))
        }
    }
}

fn known(public: &PublicKey) -> Option<Arc<Known>> {
    let mut all = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.get(public.as_bytes()) {
        return Some(Arc::clone(known));
    }
    let known = (all.len() < MOST_KEYS).then(Arc::<Known>::default);
    all.extend(known.clone().map(|known| (*public.as_bytes(), known)));
    known
}

/// Half of all 32 bytes are on the curve, and with them all keys that were made from a secret; the
/// others are on its twist.
fn table_of(public: &PublicKey) -> Option<EdwardsBasepointTable> {
    // Both points with this coordinate have the same multiples, as far as X25519 looks at them.
    let point = MontgomeryPoint(*public.as_bytes()).to_edwards(0)?;
    Some(EdwardsBasepointTable::create(&point))
}

fn by_table(secret: &StaticSecret, table: &EdwardsBasepointTable) -> Option<Zeroizing<[u8; 32]>> {
    let secret = Zeroizing::new(secret.to_bytes());
    let point: Zeroizing<EdwardsPoint> = Zeroizing::new(table.mul_base_clamped(*secret));
    let shared = Zeroizing::new(point.to_montgomery());
    (!shared.is_identity()).then(|| Zeroizing::new(shared.to_bytes()))
}

#[cfg(test)]
mod tests {
    use curve25519_dalek::constants::EIGHT_TORSION;

    use super::*;
    use crate::random;

    fn secret() -> StaticSecret {
        StaticSecret::from(*random::key().unwrap().expose())
    }

    /// By the ladder alone.
    fn expected(secret: &StaticSecret, public: &PublicKey) -> Option<[u8; 32]> {
        let shared = secret.diffie_hellman(public);
        shared.was_contributory().then(|| shared.to_bytes())
    }

    #[test]
    fn a_table_gives_what_the_ladder_gives() {
        for _ in 0..8 {
            let public = PublicKey::from(&secret());
            let table = table_of(&public).unwrap();
            for _ in 0..32 {
                let secret = secret();
                let shared = by_table(&secret, &table).map(|shared| *shared);
                assert_eq!(shared, expected(&secret, &public));
            }
        }
    }

    #[test]
    fn any_bytes_give_what_the_ladder_gives_however_often() {
        let (mut on_the_curve, mut on_its_twist) = (0, 0);
        for _ in 0..16 {
            let public = PublicKey::from(*random::key().unwrap().expose());
            match table_of(&public) {
                Some(_) => on_the_curve += 1,
                None => on_its_twist += 1,
            }
            for _ in 0..WORTH_A_TABLE + 4 {
                let secret = secret();
                let shared = shared_with(&secret, &public).map(|shared| *shared);
                assert_eq!(shared, expected(&secret, &public));
            }
        }
        assert!(on_the_curve > 0 && on_its_twist > 0);
    }

    #[test]
    fn a_point_of_a_small_order_shares_nothing_that_is_secret() {
        let small = EIGHT_TORSION.iter().map(|point| point.to_montgomery().0);
        // Zero and one, spelled by numbers above the field's.
        let mut zero = [0xff; 32];
        (zero[0], zero[31]) = (0xed, 0x7f);
        let mut one = zero;
        one[0] = 0xee;
        for point in small.chain([zero, one]) {
            let public = PublicKey::from(point);
            for _ in 0..WORTH_A_TABLE + 4 {
                assert_eq!(expected(&secret(), &public), None);
                assert!(shared_with(&secret(), &public).is_none());
            }
            if let Some(table) = table_of(&public) {
                assert!(by_table(&secret(), &table).is_none());
            }
        }
    }

    #[test]
    fn a_point_with_a_small_part_gives_what_the_ladder_gives() {
        let base = MontgomeryPoint(*PublicKey::from(&secret()).as_bytes());
        let base = base.to_edwards(0).unwrap();
        for small in EIGHT_TORSION {
            let public = PublicKey::from((base + small).to_montgomery().0);
            let table = table_of(&public).unwrap();
            for _ in 0..8 {
                let secret = secret();
                let shared = by_table(&secret, &table).map(|shared| *shared);
                assert_eq!(shared, expected(&secret, &public));
            }
        }
    }
}
