//! Storing files as objects, and reading objects into files, piece by piece.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::get::Get;
use super::meta::Info;
use super::put::{CHUNK, Description, Put};
use super::store::Store;
use crate::error::{Error as Plain, Status};
use crate::js::{Error, Result};

fn failed(what: &str, path: &Path, e: &io::Error) -> Error {
    let words = e.to_string();
    let words = words.split(" (os error").next().unwrap_or_default();
    let number = e.raw_os_error().unwrap_or(0);
    let text = format!("error {what} '{}': {number} ({words})", path.display());
    Plain::new(Status::NATS_ERR, text).into()
}

/// Stores a file as an object with this name.
pub fn put(store: &Arc<Store>, name: &str, path: &Path) -> Result<Info> {
    let mut file = File::open(path).map_err(|e| failed("opening file", path, &e))?;
    let size = file.metadata().map_or(0, |m| m.len());
    let what = Description {
        name: name.to_owned(),
        expected: size,
        ..Description::default()
    };
    let put = Put::new(store, &what, store.deadline())?;
    match add_all(&put, &mut file, path) {
        Ok(()) => put.complete(Duration::ZERO),
        Err(error) => {
            put.abandon();
            Err(error)
        }
    }
}

fn add_all(put: &Put, file: &mut File, path: &Path) -> Result<()> {
    let mut piece = vec![0; CHUNK];
    loop {
        let mut filled = 0;
        while filled < piece.len() {
            match file.read(&mut piece[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(failed("reading file", path, &e)),
            }
        }
        if filled == 0 {
            return Ok(());
        }
        put.add(&piece[..filled])?;
    }
}

/// Reads an object into a file, which is created or truncated first, and removed if this fails. The context's timeout
/// applies to finding the object, and to each chunk.
pub fn get(store: &Arc<Store>, name: &str, deleted: bool, path: &Path) -> Result<()> {
    let file = File::create(path).map_err(|e| failed("opening file", path, &e))?;
    let result = write_all(store, name, deleted, file, path);
    // A device or a pipe stays.
    if result.is_err() && fs::metadata(path).is_ok_and(|m| m.is_file()) {
        // The first error is the one to tell.
        let _ = fs::remove_file(path);
    }
    result
}

fn write_all(
    store: &Arc<Store>,
    name: &str,
    deleted: bool,
    mut file: File,
    path: &Path,
) -> Result<()> {
    let get = Get::new(store, name, deleted, store.deadline())?;
    loop {
        let piece = get.read(store.deadline())?;
        file.write_all(piece.bytes())
            .map_err(|e| failed("writing into file", path, &e))?;
        if piece.last {
            return Ok(());
        }
    }
}
