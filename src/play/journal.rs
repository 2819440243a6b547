//! What the run is about to create, written down before it is sent, so that `cleanup` can finish after a kill.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// One line of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// The first line: which run, on which target.
    Run {
        /// Base URL without a trailing slash.
        base_url: String,
        /// The word in every created name.
        token: String,
    },
    /// A create is about to be sent.
    Create {
        /// `/Users` or `/Groups`.
        collection: String,
        /// userName or displayName.
        name: String,
    },
    /// A create was refused: nothing came of it.
    Refused {
        /// `/Users` or `/Groups`.
        collection: String,
        /// userName or displayName.
        name: String,
    },
    /// A create was answered: this is where it lives.
    Created {
        /// `/Users` or `/Groups`.
        collection: String,
        /// Its id, not encoded.
        id: String,
        /// userName or displayName.
        name: String,
    },
    /// It was removed again.
    Removed {
        /// `/Users` or `/Groups`.
        collection: String,
        /// Its id, not encoded.
        id: String,
    },
}

/// Where entries go. Without a file nothing is written.
#[derive(Debug, Default)]
pub struct Journal {
    file: Option<Mutex<File>>,
    /// That it cannot be written is told once.
    told: AtomicBool,
}

impl Journal {
    /// Begins a journal in an open, empty file, which stays locked as long as the run goes on.
    pub fn begin(file: File, base_url: &str, token: &str) -> std::io::Result<Self> {
        // Without a lock, clean-up cannot know that the run goes on; that is no reason not to run.
        let _ = file.try_lock();
        let journal = Self::resume(file);
        journal.try_write(&Entry::Run { base_url: base_url.to_owned(), token: token.to_owned() })?;
        Ok(journal)
    }

    /// Goes on with a journal that is there, in a file open at its end.
    pub fn resume(file: File) -> Self {
        Self { file: Some(Mutex::new(file)), told: AtomicBool::new(false) }
    }

    /// Writes one entry. A full disk must not stop a run or its clean-up: the ledger in memory knows the same.
    pub fn write(&self, entry: &Entry) {
        if let Err(error) = self.try_write(entry)
            && !self.told.swap(true, Ordering::Relaxed)
        {
            eprintln!("scimulate: the journal could not be written ({error}); after a kill, clean up by hand");
        }
    }

    fn try_write(&self, entry: &Entry) -> std::io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut line = serde_json::to_string(entry)?;
        line.push('\n');
        file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes())
    }
}

/// What a journal says is still there. It is untrusted input: nothing in it is believed without a look at the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// The target it was written for.
    pub base_url: String,
    /// The run's word.
    pub token: String,
    /// (collection, id) -> name of what was created and not removed.
    pub created: BTreeMap<(String, String), String>,
    /// (collection, name) of creates whose answer never came.
    pub unanswered: Vec<(String, String)>,
}

impl Unfinished {
    /// True when nothing of the run can still be there.
    pub fn is_empty(&self) -> bool {
        self.created.is_empty() && self.unanswered.is_empty()
    }
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (created, unanswered) = (self.created.len(), self.unanswered.len());
        write!(f, "This run created {created} resources that are still there")?;
        if unanswered > 0 {
            write!(f, " and sent {unanswered} creates that may have been done")?;
        }
        Ok(())
    }
}

/// Reads a journal. A last line cut short by a kill is ignored; any other line that is no entry is an error that names it.
pub fn read(text: &str) -> Result<Unfinished, String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut entries = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        match serde_json::from_str::<Entry>(line) {
            Ok(entry) => entries.push(entry),
            Err(_) if number + 1 == lines.len() && !text.ends_with('\n') => {}
            Err(error) => return Err(format!("line {} is no journal entry: {error}", number + 1)),
        }
    }
    let mut entries = entries.into_iter();
    let Some(Entry::Run { base_url, token }) = entries.next() else {
        return Err("the first line does not say which run it was".into());
    };
    if token.len() < 3 || token.len() > 12 || !token.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err("its run token is not one that scimulate makes".into());
    }
    let mut unfinished = Unfinished { base_url, token, created: BTreeMap::new(), unanswered: Vec::new() };
    for entry in entries {
        match entry {
            Entry::Run { .. } => return Err("it holds two runs".into()),
            Entry::Create { collection, name } => unfinished.unanswered.push((collection, name)),
            Entry::Created { collection, id, name } => {
                unfinished.unanswered.retain(|(c, n)| (c, n) != (&collection, &name));
                unfinished.created.insert((collection, id), name);
            }
            Entry::Refused { collection, name } => {
                unfinished.unanswered.retain(|(c, n)| (c, n) != (&collection, &name));
            }
            Entry::Removed { collection, id } => {
                unfinished.created.remove(&(collection, id));
            }
        }
    }
    Ok(unfinished)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "{\"run\":{\"base_url\":\"https://a.example/scim\",\"token\":\"abc123\"}}\n";

    #[test]
    fn what_was_created_and_not_removed_is_left() {
        let text = RUN.to_owned()
            + "{\"create\":{\"collection\":\"/Users\",\"name\":\"ann-abc123\"}}\n"
            + "{\"created\":{\"collection\":\"/Users\",\"id\":\"1\",\"name\":\"ann-abc123\"}}\n"
            + "{\"create\":{\"collection\":\"/Users\",\"name\":\"bob-abc123\"}}\n"
            + "{\"created\":{\"collection\":\"/Users\",\"id\":\"2\",\"name\":\"bob-abc123\"}}\n"
            + "{\"removed\":{\"collection\":\"/Users\",\"id\":\"1\"}}\n"
            + "{\"create\":{\"collection\":\"/Users\",\"name\":\"cut-abc123\"}}\n"
            + "{\"refused\":{\"collection\":\"/Users\",\"name\":\"cut-abc123\"}}\n"
            + "{\"create\":{\"collection\":\"/Groups\",\"name\":\"team-abc123\"}}\n"
            + "{\"create\":{\"coll";
        let unfinished = read(&text).expect("journal");
        assert_eq!(unfinished.created.len(), 1);
        assert_eq!(unfinished.created[&("/Users".to_owned(), "2".to_owned())], "bob-abc123");
        assert_eq!(unfinished.unanswered, [("/Groups".to_owned(), "team-abc123".to_owned())]);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(read("").is_err());
        assert!(read("{\"create\":{\"collection\":\"/Users\",\"name\":\"x\"}}\n").is_err());
        assert!(read(&(RUN.to_owned() + "rm -rf\n")).unwrap_err().contains("line 2"));
        assert!(read(&RUN.replace("abc123", "a")).is_err());
    }
}
