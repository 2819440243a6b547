//! The people and groups Okta knows: made by `fake` from the seed, told apart from everybody else by the run token.

use fake::Fake;
use fake::faker::address::en::CityName;
use fake::faker::name::en::{FirstName, LastName};
use fake::rand::rngs::StdRng;
use fake::rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};

use crate::scenario::Person;

/// The seed when none is given.
pub const SEED: u64 = 4711;

/// Makes identities. The same seed and key always give the same person, so the order of playing does not matter; the run
/// token keeps two runs of one seed apart.
#[derive(Clone, Debug)]
pub struct Identities {
    seed: u64,
    token: String,
    prefix: String,
    domain: String,
}

/// One user as Okta knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// An e-mail address that holds the prefix and the run token.
    pub user_name: String,
    /// First name.
    pub given_name: String,
    /// Last name.
    pub family_name: String,
    /// First and last name, unless the scenario fixes it.
    pub display_name: String,
    /// Okta's own id of the user: `00u` and 17 letters or digits.
    pub external_id: String,
    /// Eight random characters, as Okta sends even with password sync off.
    pub password: String,
}

impl Identities {
    /// `token` and `prefix` go into every name, `domain` is the part behind the `@`.
    pub fn new(seed: u64, token: &str, prefix: &str, domain: &str) -> Self {
        Self { seed, token: token.to_owned(), prefix: prefix.to_owned(), domain: domain.to_owned() }
    }

    /// The word in every name of this run.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The run's values for templates: `{{run.token}}`, `{{run.prefix}}`, `{{run.domain}}`. What a scenario names by the token
    /// must be new when it is played again, so another attempt adds its number.
    pub fn variables(&self, attempt: usize) -> Value {
        let token = if attempt == 0 { self.token.clone() } else { format!("{}-{attempt}", self.token) };
        json!({ "token": token, "prefix": self.prefix, "domain": self.domain })
    }

    /// The user of this key (scenario, case, name and number). What `person` fixes is taken, the rest is made up, in plain
    /// ASCII.
    pub fn user(&self, key: &str, person: &Person) -> Identity {
        let hash = self.hash(key);
        let mut rng = StdRng::seed_from_u64(hash);
        let given: String = ascii_name(|| FirstName().fake_with_rng(&mut rng));
        let family: String = ascii_name(|| LastName().fake_with_rng(&mut rng));
        let local = format!("{given}.{family}").to_lowercase();
        let local = person.local_part.as_deref().unwrap_or(&local);
        let given_name = person.given_name.clone().unwrap_or(given);
        let family_name = person.family_name.clone().unwrap_or(family);
        let display_name = person.display_name.clone().unwrap_or_else(|| format!("{given_name} {family_name}"));
        Identity {
            user_name: format!("{}{local}-{}-{}@{}", self.prefix, self.token, tag(hash), self.domain),
            given_name,
            family_name,
            display_name,
            external_id: format!("00u{}", word(&mut rng, 17)),
            password: password(&mut rng),
        }
    }

    /// The displayName of the group of this key.
    pub fn group(&self, key: &str) -> String {
        let hash = self.hash(key);
        let mut rng = StdRng::seed_from_u64(hash);
        let city: String = ascii_name(|| CityName().fake_with_rng(&mut rng));
        format!("{}{city} Team {}-{}", self.prefix, self.token, tag(hash))
    }

    /// FNV-1a over seed and key.
    fn hash(&self, key: &str) -> u64 {
        let bytes = self.seed.to_le_bytes();
        bytes
            .iter()
            .chain(key.as_bytes())
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
    }
}

impl Identity {
    /// The user name as an address: what cannot stand in one unquoted (RFC 5322 §3.2.3) becomes a hyphen, since a server may
    /// refuse such an address and still take the name.
    fn email(&self) -> String {
        let fits = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.@".contains(c);
        self.user_name.chars().map(|c| if fits(c) { c } else { '-' }).collect()
    }

    /// The object that templates name: `{{ann.userName}}`, `{{user.password}}`, …
    pub fn variables(&self) -> Map<String, Value> {
        let fields = [
            ("userName", self.user_name.clone()),
            ("userNameUpper", self.user_name.to_uppercase()),
            ("givenName", self.given_name.clone()),
            ("familyName", self.family_name.clone()),
            ("displayName", self.display_name.clone()),
            ("email", self.email()),
            ("externalId", self.external_id.clone()),
            ("password", self.password.clone()),
            ("locale", "en-US".to_owned()),
        ];
        fields.into_iter().map(|(k, v)| (k.to_owned(), Value::String(v))).collect()
    }
}

/// A new run token: six lower-case letters and digits, from the clock and randomness.
pub fn run_token() -> String {
    let random = uuid::Uuid::new_v4().as_u128();
    let clock = jiff::Timestamp::now().as_nanosecond().unsigned_abs();
    base36(random ^ clock, 6)
}

/// The fifth try at a name that is not plain letters takes a fixed one; the data holds few such names.
fn ascii_name(mut draw: impl FnMut() -> String) -> String {
    (0..5)
        .map(|_| draw())
        .find(|name| name.bytes().all(|b| b.is_ascii_alphabetic()))
        .unwrap_or_else(|| "Robin".to_owned())
}

fn word(rng: &mut StdRng, length: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    (0..length).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())])).collect()
}

/// Eight characters of all four kinds, as org password policies ask. No character that JSON, HTML or URLs would escape,
/// so that an echo is recognised in any of them.
fn password(rng: &mut StdRng) -> String {
    let symbols = ['^', '!', '*', '.', '_', '~'];
    let symbol = symbols[rng.random_range(0..symbols.len())];
    let digit = rng.random_range(0..10);
    format!("{}{digit}{symbol}{}", word(rng, 1).to_uppercase(), word(rng, 5))
}

fn tag(hash: u64) -> String {
    base36(u128::from(hash), 6)
}

fn base36(mut value: u128, length: usize) -> String {
    const DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = String::with_capacity(length);
    for _ in 0..length {
        text.push(char::from(DIGITS[(value % 36) as usize]));
        value /= 36;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identities(token: &str) -> Identities {
        Identities::new(4711, token, "scimulate-", "example.com")
    }

    #[test]
    fn the_same_seed_and_key_give_the_same_person() {
        let (a, b) = (identities("tok"), identities("tok"));
        assert_eq!(a.user("users.create/ann", &Person::default()), b.user("users.create/ann", &Person::default()));
        assert_ne!(a.user("users.create/ann", &Person::default()), b.user("users.create/bob", &Person::default()));
    }

    #[test]
    fn names_carry_the_token_and_are_plain_ascii() {
        for n in 0..500 {
            let user = identities("tok123").user(&n.to_string(), &Person::default());
            assert!(user.user_name.contains("-tok123-") && user.user_name.is_ascii(), "{user:?}");
            assert!(user.user_name.ends_with("@example.com"));
            assert!(user.given_name.bytes().all(|b| b.is_ascii_alphabetic()), "{user:?}");
            assert_eq!((user.external_id.len(), user.password.len()), (20, 8), "{user:?}");
            assert!(identities("tok123").group(&n.to_string()).contains("tok123"));
        }
    }

    #[test]
    fn what_the_scenario_fixes_is_taken() {
        let person =
            Person { given_name: Some("Zoë".into()), local_part: Some("zoe+test".into()), ..Person::default() };
        let user = identities("t").user("k", &person);
        assert_eq!(user.given_name, "Zoë");
        assert!(user.user_name.starts_with("scimulate-zoe+test-t-"));
        assert!(user.display_name.starts_with("Zoë "));
    }

    #[test]
    fn the_address_of_an_odd_name_is_an_ordinary_one() {
        let email = |local: &str| {
            let person = Person { local_part: Some(local.into()), ..Person::default() };
            identities("t").user("k", &person).variables()["email"].clone()
        };
        let of = |address: &str| email(address).as_str().expect("text").to_owned();
        assert!(of(r"CORP\ann").starts_with("scimulate-CORP-ann-t-"));
        assert!(of("ann \"bo\" lee").starts_with("scimulate-ann--bo--lee-t-"));
        assert!(of("ann.o'lee+x").starts_with("scimulate-ann.o'lee+x-t-"));
    }

    #[test]
    fn another_attempt_has_names_of_its_own_that_still_hold_the_token() {
        let token = |attempt| identities("tok").variables(attempt)["token"].clone();
        assert_eq!((token(0), token(1)), (json!("tok"), json!("tok-1")));
    }

    #[test]
    fn two_run_tokens_differ() {
        assert_ne!(run_token(), run_token());
        assert_eq!(run_token().len(), 6);
    }
}
