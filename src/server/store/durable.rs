//! A store that survives the process: a redb file is the truth, a store in memory is how it is read.
//!
//! Format 1: a row `version` in the table `format`; resources under kind and turn; members under the turns of the group and
//! their own. What a row holds says `row`.

use super::Turn;
use super::disk::Disk;
use super::row::{self, Record, Row};
use super::{Index, Kind, Member, Memory, Store, StoreError, Stored, Write};
use redb::{
    Builder, Database, ReadableDatabase as _, ReadableTable as _, TableDefinition, TableError, WriteTransaction,
};
use std::io::{self, ErrorKind};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;

const FORMAT: TableDefinition<&str, u64> = TableDefinition::new("format");
const RESOURCES: TableDefinition<(u8, Turn), &[u8]> = TableDefinition::new("resources");
const MEMBERS: TableDefinition<(Turn, Turn), &[u8]> = TableDefinition::new("members");

/// The version of the format that this program writes and reads.
const VERSION: u64 = 1;

/// What redb may keep of the file in memory: writes need little, and reads are answered from the indexes.
const CACHE: usize = 64 * 1024 * 1024;

/// How many rows redb is handed at a time in the beginning.
const MANY: usize = 10_000;

pub(super) struct Durable {
    disk: Disk,
    memory: Memory,
    /// The file, open; `None` after a failure.
    database: Option<Database>,
    /// The changes of the beginning, which become durable together, and those not handed to redb yet.
    beginning: Option<(WriteTransaction, Vec<Row>)>,
    /// What a write that failed may have left in the file: to be undone before the next.
    doubtful: Vec<Row>,
}

impl Durable {
    /// Opens a file, or makes a new one. A file that is refused is left as it was. The errors name it and say what to do: of
    /// the kind `InvalidData` where its content is at fault.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let (disk, new) = Disk::open(path)?;
        if new {
            let begun = begin(&disk);
            return match begun {
                Ok(database) => Ok(Self::new(disk, Memory::default(), database)),
                Err(error) => {
                    disk.discard();
                    Err(io::Error::other(format!("{} could not be written: {}", path.display(), told(&error))))
                }
            };
        }
        // redb mends what a killed process has left; whether that will end well is seen before anything is written.
        let memory = rehearse(&disk)?;
        let database = open(&disk).map_err(|error| Problem::Refused(error).about(&disk))?;
        Ok(Self::new(disk, memory, database))
    }

    const fn new(disk: Disk, memory: Memory, database: Database) -> Self {
        Self { disk, memory, database: Some(database), beginning: None, doubtful: Vec::new() }
    }

    /// Makes rows durable, or part of the beginning. After a failure redb wants the file opened again.
    fn write(&mut self, rows: &[Row]) -> Result<(), redb::Error> {
        let written = self.try_to_write(rows);
        if written.is_err() {
            self.database = None;
        }
        written
    }

    fn try_to_write(&mut self, rows: &[Row]) -> Result<(), redb::Error> {
        if let Some((beginning, waiting)) = &mut self.beginning {
            waiting.extend_from_slice(rows);
            if waiting.len() >= MANY {
                put(beginning, waiting)?;
                waiting.clear();
            }
            return Ok(());
        }
        if self.database.is_none() {
            self.database = Some(open(&self.disk)?);
        }
        let Some(database) = &self.database else { return Ok(()) };
        // Nothing that was answered with an error may come back.
        let known: Vec<Row> = self.doubtful.iter().map(|row| self.memory.now(row)).collect();
        for rows in [known.as_slice(), rows] {
            if !rows.is_empty() {
                let transaction = transaction(database)?;
                put(&transaction, rows)?;
                transaction.commit()?;
            }
            self.doubtful.clear();
        }
        Ok(())
    }
}

/// Why a file is not used.
enum Problem {
    /// redb does not take it.
    Refused(redb::Error),
    /// It holds something else than a directory.
    Other(String),
    /// A row of it makes no sense.
    Damaged(&'static str),
}

impl<E: Into<redb::Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

impl Problem {
    /// The error for whoever named the file.
    fn about(self, disk: &Disk) -> io::Error {
        let name = disk.path().display();
        let damaged = |what: &str| {
            let advice = "It was left as it is: put a copy in its place, or use another file to start anew";
            io::Error::new(ErrorKind::InvalidData, format!("{name} is damaged or cut off: {what}. {advice}"))
        };
        match self {
            Self::Refused(redb::Error::Io(error)) if error.kind() == ErrorKind::InvalidData => {
                let advice = "It was left as it is: choose another file";
                io::Error::new(ErrorKind::InvalidData, format!("{name} is no data file of scimulate serve. {advice}"))
            }
            Self::Refused(redb::Error::Io(error)) if error.kind() != ErrorKind::UnexpectedEof => {
                io::Error::new(error.kind(), format!("{name} cannot be used: {error}"))
            }
            Self::Refused(error) => damaged(&told(&error)),
            Self::Damaged(what) => damaged(what),
            Self::Other(what) => io::Error::new(ErrorKind::InvalidData, format!("{name} {what}. It was left as it is")),
        }
    }
}

/// What redb says, without its advice to programmers.
fn told(error: &redb::Error) -> String {
    match error {
        redb::Error::Io(error) => error.to_string(),
        redb::Error::PreviousIo => "an earlier write to the file failed".into(),
        redb::Error::Corrupted(what) => what.clone(),
        other => other.to_string(),
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE);
    builder
}

fn open(disk: &Disk) -> Result<Database, redb::Error> {
    Ok(builder().create_with_backend(disk.backend()?)?)
}

/// Durable in two steps: a commit of one step that turns out to be damaged later is taken for one that was under way, and
/// would be dropped without a word.
fn transaction(database: &Database) -> Result<WriteTransaction, redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_two_phase_commit(true);
    Ok(transaction)
}

fn begin(disk: &Disk) -> Result<Database, redb::Error> {
    let database = open(disk)?;
    let transaction = transaction(&database)?;
    transaction.open_table(FORMAT)?.insert("version", VERSION)?;
    put(&transaction, &[])?;
    transaction.commit()?;
    disk.enter()?;
    Ok(database)
}

/// Opens, mends, checks and reads the file, all without changing it.
fn rehearse(disk: &Disk) -> io::Result<Memory> {
    let rehearsed = panic::catch_unwind(AssertUnwindSafe(|| -> Result<Memory, Problem> {
        let database = builder().set_check_integrity_on_open(true).create_with_backend(disk.rehearsal()?)?;
        load(&database)
    }));
    let damaged = Err(Problem::Damaged("its pages contradict each other"));
    rehearsed.unwrap_or(damaged).map_err(|problem| problem.about(disk))
}

/// Everything that is in the file.
fn load(database: &Database) -> Result<Memory, Problem> {
    let transaction = database.begin_read()?;
    let stranger = || Problem::Other("holds something else than a directory: choose another file".into());
    let version = match transaction.open_table(FORMAT) {
        Ok(format) => format.get("version")?.map(|found| found.value()),
        Err(TableError::Storage(error)) => return Err(error.into()),
        Err(_) => None,
    };
    match version {
        Some(VERSION) => {}
        Some(other) => {
            let advice = "use the scimulate that wrote it, or another file";
            return Err(Problem::Other(format!("has format {other}, and this version reads {VERSION}: {advice}")));
        }
        None => return Err(stranger()),
    }
    let mut memory = Memory::default();
    for found in transaction.open_table(RESOURCES)?.iter()? {
        let (key, value) = found?;
        let (code, turn) = key.value();
        let kind = row::kind(code).ok_or(Problem::Damaged("a resource of an unknown kind"))?;
        let record = Some(Record::read(value.value()).ok_or(Problem::Damaged("a resource that cannot be read"))?);
        memory.apply(Row::Resource { kind, turn, record });
    }
    for found in transaction.open_table(MEMBERS)?.iter()? {
        let (key, value) = found?;
        let (group, turn) = key.value();
        if !memory.is_group(group) {
            return Err(Problem::Damaged("a member of no group"));
        }
        let member = Some(row::read_member(value.value()).ok_or(Problem::Damaged("a member that cannot be read"))?);
        memory.apply(Row::Member { group, turn, member });
    }
    Ok(memory)
}

fn put(transaction: &WriteTransaction, rows: &[Row]) -> Result<(), redb::Error> {
    let mut resources = transaction.open_table(RESOURCES)?;
    let mut members = transaction.open_table(MEMBERS)?;
    for row in rows {
        match row {
            Row::Resource { kind, turn, record } => {
                let key = (row::code(*kind), *turn);
                match record {
                    Some(record) => drop(resources.insert(key, record.bytes())?),
                    None => drop(resources.remove(key)?),
                }
            }
            Row::Member { group, turn, member } => match member {
                Some(member) => drop(members.insert((*group, *turn), row::member_bytes(member).as_slice())?),
                None => drop(members.remove((*group, *turn))?),
            },
        }
    }
    Ok(())
}

impl Store for Durable {
    fn begin(&mut self) -> Stored<()> {
        let Some(database) = &self.database else { return Ok(()) };
        self.beginning = Some((transaction(database).map_err(|error| StoreError(told(&error)))?, Vec::new()));
        Ok(())
    }

    fn begun(&mut self) -> Stored<()> {
        let Some((beginning, waiting)) = self.beginning.take() else { return Ok(()) };
        let ended = put(&beginning, &waiting).and_then(|()| Ok(beginning.commit()?));
        ended.map_err(|error| StoreError(told(&error)))
    }

    fn commit(&mut self, writes: Vec<Write>) -> Stored<()> {
        let rows = self.memory.plan(writes);
        if let Err(error) = self.write(&rows) {
            // With doubts left it was not begun.
            if self.doubtful.is_empty() {
                self.doubtful = rows;
                // Undoing at once is best; else it is done before the next write.
                let _ = self.write(&[]);
            }
            return Err(StoreError(told(&error)));
        }
        for row in rows {
            self.memory.apply(row);
        }
        Ok(())
    }

    fn get(&self, kind: Kind, id: &str) -> Stored<Option<Vec<u8>>> {
        self.memory.get(kind, id)
    }

    fn label(&self, kind: Kind, id: &str) -> Stored<Option<String>> {
        self.memory.label(kind, id)
    }

    fn kind_of(&self, id: &str) -> Stored<Option<Kind>> {
        self.memory.kind_of(id)
    }

    fn count(&self, kind: Kind) -> Stored<usize> {
        self.memory.count(kind)
    }

    fn page(&self, kind: Kind, skip: usize, take: usize, show: &mut dyn FnMut(&[u8])) -> Stored<()> {
        self.memory.page(kind, skip, take, show)
    }

    fn turn(&self, kind: Kind, id: &str) -> Stored<Option<Turn>> {
        self.memory.turn(kind, id)
    }

    fn before(&self, kind: Kind, turn: Turn) -> Stored<usize> {
        self.memory.before(kind, turn)
    }

    fn find(&self, kind: Kind, index: Index, value: &str) -> Stored<Vec<String>> {
        self.memory.find(kind, index, value)
    }

    fn members(&self, group: &str, show: &mut dyn FnMut(&Member)) -> Stored<()> {
        self.memory.members(group, show)
    }

    fn member(&self, group: &str, id: &str) -> Stored<Option<Member>> {
        self.memory.member(group, id)
    }

    fn copy(&self) -> Memory {
        self.memory.copy()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Keys, Membership};
    use super::*;
    use proptest::prelude::*;

    const IDS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

    fn write() -> impl Strategy<Value = Write> {
        let id = || prop::sample::select(&IDS[..]).prop_map(str::to_owned);
        let member = || {
            let kind = prop::sample::select(&[None, Some(Kind::User), Some(Kind::Group)][..]);
            (id(), kind, prop::option::of(id())).prop_map(|(id, kind, display)| Member { id, kind, display })
        };
        let members = || prop::collection::vec(member(), 0..4);
        let membership = prop_oneof![
            Just(Membership::Keep),
            members().prop_map(Membership::Set),
            (prop::collection::vec(id(), 0..3), members()).prop_map(|(drop, add)| Membership::Edit { drop, add }),
        ];
        prop_oneof![
            1 => (any::<bool>(), id()).prop_map(|(group, id)| {
                Write::Remove { kind: if group { Kind::Group } else { Kind::User }, id }
            }),
            3 => (id(), prop::option::of(id()), prop::option::of(id()), membership, any::<Vec<u8>>()).prop_map(
                |(id, user_name, external_id, membership, bytes)| {
                    let kind = if membership == Membership::Keep { Kind::User } else { Kind::Group };
                    let keys = Keys { display_name: user_name.clone(), label: external_id.clone(), user_name, external_id };
                    Write::Put { kind, id, bytes, keys, membership }
                }
            ),
        ]
    }

    /// Everything a store tells.
    fn content(store: &dyn Store) -> String {
        let mut told = Vec::new();
        for kind in [Kind::User, Kind::Group] {
            let mut page = Vec::new();
            store.page(kind, 0, 99, &mut |bytes| page.push(bytes.to_vec())).unwrap();
            told.push(format!("{kind:?} {} {page:?}", store.count(kind).unwrap()));
            for id in IDS {
                told.push(format!("{id} {:?} {:?}", store.get(kind, id).unwrap(), store.label(kind, id).unwrap()));
                for index in [Index::UserName, Index::DisplayName, Index::ExternalId, Index::Member] {
                    told.push(format!("{:?}", store.find(kind, index, id).unwrap()));
                }
            }
        }
        for (group, id) in IDS.iter().flat_map(|group| IDS.map(|id| (group, id))) {
            told.push(format!("{:?}", store.member(group, id).unwrap()));
            store.members(group, &mut |member| told.push(format!("{member:?}"))).unwrap();
        }
        told.join("\n")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn a_file_tells_what_memory_does_also_when_it_is_opened_again(
            early in prop::collection::vec(write(), 0..8), late in prop::collection::vec(write(), 0..16),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("file");
            let (mut memory, mut durable) = (Memory::default(), Durable::open(&path).unwrap());
            durable.begin().unwrap();
            for (number, write) in early.iter().chain(&late).enumerate() {
                if number == early.len() {
                    durable.begun().unwrap();
                }
                memory.commit(vec![write.clone()]).unwrap();
                durable.commit(vec![write.clone()]).unwrap();
            }
            durable.begun().unwrap();
            prop_assert_eq!(content(&durable), content(&memory));
            drop(durable);
            prop_assert_eq!(content(&Durable::open(&path).unwrap()), content(&memory));
        }
    }
}
