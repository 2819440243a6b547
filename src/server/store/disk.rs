//! The file of a durable store: opened and locked once, read and written by redb, which may open and close it many times.

use redb::StorageBackend;
use redb::backends::FileBackend;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A file that no other process writes to while this lives.
#[derive(Debug)]
pub(super) struct Disk {
    path: PathBuf,
    file: File,
}

impl Disk {
    /// Opens a file; tells whether it was made just now. The errors say what to do.
    pub(super) fn open(path: &Path) -> io::Result<(Self, bool)> {
        let name = path.display();
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        // People are in it.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let (file, new) = match options.open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => (options.create_new(true).open(path), true),
            opened => (opened, false),
        };
        let file = file.map_err(|error| {
            let advice = "--data needs a file that this user may read and write, in a folder that is there";
            io::Error::new(error.kind(), format!("{name} cannot be opened: {error}; {advice}"))
        })?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::new(
                ErrorKind::ResourceBusy,
                format!("{name} is in use by another server: stop that one, or give this one a file of its own"),
            ),
            TryLockError::Error(error) => io::Error::new(error.kind(), format!("{name} cannot be locked: {error}")),
        })?;
        if !new && file.metadata()?.len() == 0 {
            let advice =
                "a data file never is, so it may have been cut off. Remove it to start with an empty directory";
            return Err(io::Error::new(ErrorKind::InvalidData, format!("{name} is empty: {advice}")));
        }
        Ok((Self { path: path.to_owned(), file }, new))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file itself.
    pub(super) fn backend(&self) -> Result<impl StorageBackend, redb::Error> {
        Ok(Backend(FileBackend::new(self.file.try_clone()?)?))
    }

    /// The file as it is, where writes go to memory and are forgotten.
    pub(super) fn rehearsal(&self) -> Result<impl StorageBackend, redb::Error> {
        let length = self.file.metadata()?.len();
        let over = Over { length, below: length, blocks: BTreeMap::new() };
        Ok(Rehearsal { below: FileBackend::new(self.file.try_clone()?)?, over: Mutex::new(over) })
    }

    /// Takes back a file that was made just now and came to nothing.
    pub(super) fn discard(self) {
        // Where it cannot be removed it is refused, with the advice to remove it, the next time.
        let _ = std::fs::remove_file(&self.path);
    }

    /// Makes the file's entry in its folder as lasting as its content.
    pub(super) fn enter(&self) -> io::Result<()> {
        #[cfg(unix)]
        {
            let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        Ok(())
    }
}

/// redb's own backend without its locks: they would end with each closing, and the file is locked all the time.
#[derive(Debug)]
struct Backend(FileBackend);

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}

const BLOCK: usize = 4096;

/// A file below, and what was written over it.
#[derive(Debug)]
struct Rehearsal {
    below: FileBackend,
    over: Mutex<Over>,
}

#[derive(Debug)]
struct Over {
    length: u64,
    /// How much of the file below still shows.
    below: u64,
    blocks: BTreeMap<u64, Box<[u8; BLOCK]>>,
}

impl Rehearsal {
    fn over(&self) -> MutexGuard<'_, Over> {
        self.over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fills `out` from the file, with zeros where it has ended.
    fn read_below(&self, over: &Over, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let there = usize::try_from(over.below.saturating_sub(offset)).unwrap_or(usize::MAX).min(out.len());
        out[there..].fill(0);
        self.below.read(offset, &mut out[..there])
    }
}

/// Where in its block an offset lies.
fn within(offset: u64) -> usize {
    usize::try_from(offset % BLOCK as u64).unwrap_or_default()
}

/// The blocks that a stretch touches: for each its number, where in it and where in the stretch the common part lies.
fn blocks(offset: u64, length: usize) -> impl Iterator<Item = (u64, std::ops::Range<usize>, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + done as u64;
        let start = within(at);
        let part = (BLOCK - start).min(length - done);
        let found = (at / BLOCK as u64, start..start + part, done..done + part);
        done += part;
        (part > 0).then_some(found)
    })
}

impl StorageBackend for Rehearsal {
    fn len(&self) -> io::Result<u64> {
        Ok(self.over().length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let over = self.over();
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > over.length) {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.read_below(&over, offset, out)?;
        for (number, within, part) in blocks(offset, out.len()) {
            if let Some(block) = over.blocks.get(&number) {
                out[part].copy_from_slice(&block[within]);
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut over = self.over();
        over.length = len;
        over.below = over.below.min(len);
        over.blocks.split_off(&len.div_ceil(BLOCK as u64));
        if let Some(last) = over.blocks.get_mut(&(len / BLOCK as u64)) {
            last[within(len)..].fill(0);
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut over = self.over();
        for (number, within, part) in blocks(offset, data.len()) {
            if !over.blocks.contains_key(&number) {
                let mut block = Box::new([0; BLOCK]);
                self.read_below(&over, number * BLOCK as u64, &mut block[..])?;
                over.blocks.insert(number, block);
            }
            if let Some(block) = over.blocks.get_mut(&number) {
                block[within].copy_from_slice(&data[part]);
            }
        }
        over.length = over.length.max(offset + data.len() as u64);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn a_rehearsal_reads_as_a_file_would_and_leaves_it_alone(
            start in 0_usize..20_000,
            steps in prop::collection::vec((any::<bool>(), 0_usize..20_000, 0_usize..9_000, any::<u8>()), 1..12),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("file");
            let before: Vec<u8> = (0..=start).map(|n| u8::try_from(n % 251).unwrap()).collect();
            std::fs::write(&path, &before).unwrap();
            let (disk, _) = Disk::open(&path).unwrap();
            let (rehearsal, mut model) = (disk.rehearsal().unwrap(), before.clone());
            for (resize, at, length, byte) in steps {
                if resize {
                    rehearsal.set_len(at as u64).unwrap();
                    model.resize(at, 0);
                } else {
                    rehearsal.write(at as u64, &vec![byte; length]).unwrap();
                    model.resize(model.len().max(at + length), 0);
                    model[at..at + length].fill(byte);
                }
                let mut seen = vec![1; model.len()];
                rehearsal.read(0, &mut seen).unwrap();
                prop_assert_eq!(&seen, &model);
                prop_assert_eq!(rehearsal.len().unwrap(), model.len() as u64);
                prop_assert!(rehearsal.read(1, &mut seen).is_err() || seen.is_empty());
            }
            prop_assert_eq!(std::fs::read(&path).unwrap(), before);
        }
    }
}
