//! `serve --data` killed with SIGKILL in the middle of writes: what was acknowledged is there, what was not is whole or absent,
//! and no index remembers what is gone. A killed process loses nothing it has handed to the system, so this shows that every
//! answer comes after its write; it does not show what a power cut does to a disk.
//!
//! 1,200 writes; `SCIMULATE_KILL_WRITES=10000 cargo test --test durable` for more.

#[path = "support/bare.rs"]
mod bare;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bare::Client;
use serde_json::{Value, json};

const TOKEN: &str = "secret-token-0815";
const CLIENTS: usize = 3;
const KILLS: usize = 5;

/// Numbers that look random, always the same.
struct Seeded(u64);

impl Seeded {
    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }
}

/// One write, as it is asked for.
#[derive(Clone, Debug)]
enum Write {
    Create { name: String, title: String },
    Change { id: String, name: String, title: String },
    Delete { id: String },
    Join { id: String },
    Leave { id: String },
}

/// What one client knows to be there: its users with name and title, its group and who is in it.
#[derive(Default)]
struct Known {
    users: BTreeMap<String, (String, String)>,
    group: String,
    members: BTreeSet<String>,
    /// Names that are free again.
    free: BTreeSet<String>,
    /// The write that was not answered.
    open: Option<Write>,
}

impl Known {
    fn apply(&mut self, write: Write, id: &str) {
        match write {
            Write::Create { name, title } => {
                self.users.insert(id.to_owned(), (name, title));
            }
            Write::Change { id, name, title } => {
                let (old, _) = self.users.insert(id, (name.clone(), title)).expect("known");
                self.free.extend(Some(old).filter(|old| *old != name));
            }
            Write::Delete { id } => {
                self.free.insert(self.users.remove(&id).expect("known").0);
                self.members.remove(&id);
            }
            Write::Join { id } => {
                self.members.insert(id);
            }
            Write::Leave { id } => {
                self.members.remove(&id);
            }
        }
    }

    /// What to write next.
    fn next(&self, client: usize, number: usize, seeded: &mut Seeded) -> Write {
        let mut any = |ids: Vec<&String>| ids.get(seeded.below(ids.len().max(1))).map(|id| (*id).clone());
        let user = any(self.users.keys().collect());
        let member = any(self.members.iter().collect());
        let (name, title) = (format!("c{client}n{number}@example.com"), format!("title {number}"));
        match (seeded.below(20), user, member) {
            (10..=14, Some(id), _) => {
                let name = if seeded.below(2) == 0 { name } else { self.users[&id].0.clone() };
                Write::Change { id, name, title }
            }
            (15..=16, Some(id), _) => Write::Delete { id },
            (17..=18, Some(id), _) if !self.members.contains(&id) => Write::Join { id },
            (19, _, Some(id)) => Write::Leave { id },
            _ => Write::Create { name, title },
        }
    }

    /// Sends a write; the id it is about, `None` when no answer came.
    fn send(&self, write: &Write, client: &mut Client) -> Option<String> {
        let user = "urn:ietf:params:scim:schemas:core:2.0:User";
        let patched = |operations: Value| {
            json!({"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":operations}).to_string()
        };
        let (method, path, body) = match write {
            Write::Create { name, title } => {
                ("POST", "/Users".into(), json!({"schemas":[user],"userName":name,"title":title}).to_string())
            }
            Write::Change { id, name, title } => {
                let value = json!({"userName":name,"title":title});
                ("PATCH", format!("/Users/{id}"), patched(json!([{"op":"replace","value":value}])))
            }
            Write::Delete { id } => ("DELETE", format!("/Users/{id}"), String::new()),
            Write::Join { id } => {
                let add = json!([{"op":"add","path":"members","value":[{"value":id}]}]);
                ("PATCH", format!("/Groups/{}", self.group), patched(add))
            }
            Write::Leave { id } => {
                let remove = json!([{"op":"remove","path":format!("members[value eq \"{id}\"]")}]);
                ("PATCH", format!("/Groups/{}", self.group), patched(remove))
            }
        };
        let answer = client.once(method, &path, &body)?;
        assert!(answer.starts_with("HTTP/1.1 2"), "{write:?}: {answer}");
        Some(match write {
            Write::Create { .. } => body_of(&answer)["id"].as_str().expect("id").to_owned(),
            Write::Change { id, .. } | Write::Delete { id } | Write::Join { id } | Write::Leave { id } => id.clone(),
        })
    }
}

fn body_of(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").expect("body").1).expect("JSON")
}

/// Everything of one kind, by id.
fn all(client: &mut Client, kind: &str) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    loop {
        let path = format!("/{kind}?startIndex={}&count=1000", found.len() + 1);
        let page = body_of(&client.send("GET", &path, ""));
        let resources = page["Resources"].as_array().cloned().unwrap_or_default();
        let total = page["totalResults"].as_u64().expect("total");
        assert!(!resources.is_empty() || found.len() as u64 == total, "{} of {total}", found.len());
        found.extend(resources.into_iter().map(|one| (one["id"].as_str().expect("id").to_owned(), one)));
        if found.len() as u64 >= total {
            return found;
        }
    }
}

fn found_by_name(client: &mut Client, name: &str) -> Vec<String> {
    let answer = body_of(&client.send("GET", &format!("/Users?filter=userName%20eq%20%22{name}%22"), ""));
    let list = answer["Resources"].as_array().cloned().unwrap_or_default();
    list.iter().map(|one| one["id"].as_str().expect("id").to_owned()).collect()
}

/// Compares the directory with what the clients know, and lets them know what became of their open writes.
fn compare(url: &str, known: &mut [Known], seeded: &mut Seeded) {
    let mut client = Client::new(url, TOKEN);
    let (users, groups) = (all(&mut client, "Users"), all(&mut client, "Groups"));
    let values = |list: &Value| -> BTreeSet<String> {
        let list = list.as_array().cloned().unwrap_or_default();
        list.iter().map(|one| one["value"].as_str().expect("value").to_owned()).collect()
    };
    for one in known.iter_mut().filter(|one| !one.group.is_empty()) {
        // An open write is there as a whole or not at all; both sides of the comparison below then show that it is whole.
        if let Some(write) = one.open.take() {
            let members = values(&groups[&one.group]["members"]);
            let (done, id) = match &write {
                Write::Create { name, .. } => {
                    let found = found_by_name(&mut client, name).first().cloned();
                    one.free.extend(found.is_none().then(|| name.clone()));
                    (found.is_some(), found.unwrap_or_default())
                }
                Write::Change { id, title, .. } => (users[id]["title"] == *title, id.clone()),
                Write::Delete { id } => (!users.contains_key(id), id.clone()),
                Write::Join { id } => (members.contains(id), id.clone()),
                Write::Leave { id } => (!members.contains(id), id.clone()),
            };
            if done {
                one.apply(write, &id);
            }
        }
        assert_eq!(values(&groups[&one.group]["members"]), one.members);
        for (id, (name, title)) in &one.users {
            let user = users.get(id).unwrap_or_else(|| panic!("{name} was acknowledged and is gone"));
            assert_eq!((user["userName"].as_str(), user["title"].as_str()), (Some(&**name), Some(&**title)));
            let in_group = values(&user["groups"]).contains(&one.group);
            assert_eq!(in_group, one.members.contains(id), "{name} and the group do not agree");
        }
        for (id, (name, _)) in one.users.iter().filter(|_| seeded.below(4) == 0) {
            assert_eq!(found_by_name(&mut client, name), std::slice::from_ref(id));
        }
        for name in one.free.iter().filter(|_| seeded.below(4) == 0) {
            assert!(found_by_name(&mut client, name).is_empty(), "the index remembers {name}");
        }
    }
    assert_eq!(users.len(), known.iter().map(|one| one.users.len()).sum::<usize>(), "somebody is there unasked");
}

#[test]
fn no_acknowledged_write_is_lost_by_a_kill() {
    let writes = std::env::var("SCIMULATE_KILL_WRITES").map_or(1_200, |text| text.parse().expect("a number"));
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("directory.redb");
    let mut known: Vec<Known> = (0..CLIENTS).map(|_| Known::default()).collect();
    let mut seeded = Seeded(0x05ee_d017);
    let (count, mut open) = (AtomicUsize::new(0), 0);
    for kill in 0..=KILLS {
        let (served, url) = support::serve(&["--data", file.to_str().expect("UTF-8")]);
        compare(&url, &mut known, &mut seeded);
        if kill == KILLS {
            break;
        }
        for (number, one) in known.iter_mut().enumerate().filter(|(_, one)| one.group.is_empty()) {
            let body =
                json!({"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":format!("g{number}")});
            let answer = Client::new(&url, TOKEN).send("POST", "/Groups", &body.to_string());
            one.group = body_of(&answer)["id"].as_str().expect("id").to_owned();
        }
        // The moment: somewhere in this part of the writes, and some microseconds into whatever goes on then.
        let part = writes / KILLS;
        let (at, delay) = (kill * part + part / 2 + seeded.below(part / 2), seeded.below(2_000) as u64);
        thread::scope(|scope| {
            for (number, one) in known.iter_mut().enumerate() {
                let (count, url, mut seeded) = (&count, &url, Seeded(seeded.below(1 << 30) as u64));
                scope.spawn(move || {
                    let mut client = Client::new(url, TOKEN);
                    loop {
                        let write = one.next(number, count.fetch_add(1, Ordering::SeqCst), &mut seeded);
                        match one.send(&write, &mut client) {
                            Some(id) => one.apply(write, &id),
                            None => break one.open = Some(write),
                        }
                    }
                });
            }
            let started = Instant::now();
            while count.load(Ordering::SeqCst) < at && started.elapsed() < Duration::from_secs(60) {
                thread::park_timeout(Duration::from_micros(200));
            }
            thread::park_timeout(Duration::from_micros(delay));
            // Which is SIGKILL.
            drop(served);
        });
        assert!(count.load(Ordering::SeqCst) >= at, "the writes came to a halt");
        open += known.iter().filter(|one| one.open.is_some()).count();
        count.fetch_max((kill + 1) * part, Ordering::SeqCst);
    }
    assert_eq!(open, KILLS * CLIENTS, "every kill met a write of every client");
}
