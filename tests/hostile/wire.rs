//! Hostility below JSON: connections that do not answer, do not end, or answer in broken HTTP.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::thread::park_timeout;
use std::time::Duration;

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/scim+json\r\n";

/// Keeps writing until the other side has gone.
fn endless(stream: &mut TcpStream, head: &[u8], again: &[u8], pause: Duration) {
    let mut going = stream.write_all(head).is_ok();
    while going {
        going = stream.write_all(again).is_ok();
        if !pause.is_zero() {
            park_timeout(pause);
        }
    }
}

/// Writes and closes. What is still unread is read first: a reset would take the answer with it.
fn send(stream: &mut TcpStream, parts: &[&[u8]]) {
    for part in parts {
        if stream.write_all(part).is_err() {
            return;
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
}

fn fast() -> Duration {
    Duration::ZERO
}

fn slow() -> Duration {
    Duration::from_millis(20)
}

pub(crate) fn silent(stream: &mut TcpStream) {
    let _ = stream.read(&mut [0]);
}

pub(crate) fn closing(stream: &mut TcpStream) {
    send(stream, &[]);
}

pub(crate) fn dripping_headers(stream: &mut TcpStream) {
    endless(stream, b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x", slow());
}

pub(crate) fn dripping_body(stream: &mut TcpStream) {
    endless(stream, &[HEAD, b"Content-Length: 1000000\r\n\r\n"].concat(), b" ", slow());
}

pub(crate) fn endless_body(stream: &mut TcpStream) {
    endless(stream, &[HEAD, b"\r\n{\"Resources\":["].concat(), &b"{\"a\":1},".repeat(8192), fast());
}

pub(crate) fn endless_white_space(stream: &mut TcpStream) {
    endless(stream, &[HEAD, b"\r\n"].concat(), &b" ".repeat(65536), fast());
}

pub(crate) fn endless_headers(stream: &mut TcpStream) {
    endless(stream, HEAD, b"X-Again: and again\r\n", fast());
}

pub(crate) fn endless_continue(stream: &mut TcpStream) {
    endless(stream, b"", b"HTTP/1.1 100 Continue\r\n\r\n", fast());
}

pub(crate) fn endless_chunk_extension(stream: &mut TcpStream) {
    endless(stream, &[HEAD, b"Transfer-Encoding: chunked\r\n\r\n1;"].concat(), &b"x".repeat(65536), fast());
}

pub(crate) fn endless_trailers(stream: &mut TcpStream) {
    endless(stream, &[HEAD, b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"].concat(), b"X-Again: y\r\n", fast());
}

pub(crate) fn many_headers(stream: &mut TcpStream) {
    send(stream, &[HEAD, &b"X-Many: 1\r\n".repeat(100_000), b"Content-Length: 2\r\n\r\n{}"]);
}

pub(crate) fn huge_header(stream: &mut TcpStream) {
    send(stream, &[HEAD, b"X-Huge: ", &b"x".repeat(10 << 20), b"\r\nContent-Length: 2\r\n\r\n{}"]);
}

pub(crate) fn length_too_long(stream: &mut TcpStream) {
    send(stream, &[HEAD, b"Content-Length: 1000\r\n\r\n{\"totalResults\":0}"]);
}

pub(crate) fn length_too_short(stream: &mut TcpStream) {
    send(stream, &[HEAD, b"Content-Length: 10\r\n\r\n{\"totalResults\":0}"]);
}

pub(crate) fn length_absurd(stream: &mut TcpStream) {
    send(stream, &[HEAD, b"Content-Length: 18446744073709551615\r\n\r\n{\"totalResults\":0}"]);
}

pub(crate) fn length_twice(stream: &mut TcpStream) {
    send(stream, &[HEAD, b"Content-Length: 2\r\nContent-Length: 18\r\n\r\n{\"totalResults\":0}"]);
}

pub(crate) fn cut_json(stream: &mut TcpStream) {
    send(stream, &[HEAD, b"Connection: close\r\n\r\n{\"totalResults\":1,\"Resources\":[{\"id\":\"1"]);
}

pub(crate) fn cut_head(stream: &mut TcpStream) {
    send(stream, &[b"HTTP/1.1 200 OK\r\nContent-Ty"]);
}

pub(crate) fn garbage_chunks(stream: &mut TcpStream) {
    send(stream, &[HEAD, b"Transfer-Encoding: chunked\r\n\r\nzzzz\r\n{}\r\n0\r\n\r\n"]);
}

pub(crate) fn huge_chunk(stream: &mut TcpStream) {
    send(stream, &[HEAD, b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}\r\n0\r\n\r\n"]);
}

pub(crate) fn two_answers(stream: &mut TcpStream) {
    let one = [HEAD, b"Content-Length: 2\r\n\r\n{}"].concat();
    send(stream, &[&one, &one, &one]);
}

pub(crate) fn banner(stream: &mut TcpStream) {
    send(stream, &[b"SSH-2.0-OpenSSH_9.6\r\n"]);
}

pub(crate) fn no_status(stream: &mut TcpStream) {
    send(stream, &[b"HTTP/1.1 99999 What\r\nContent-Length: 0\r\n\r\n"]);
}

pub(crate) fn switching(stream: &mut TcpStream) {
    send(stream, &[b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"]);
}

pub(crate) fn control_in_header(stream: &mut TcpStream) {
    send(stream, &[HEAD, b"X-Odd: \x1b]0;owned\x07\x1b[31m\r\nContent-Length: 2\r\n\r\n{}"]);
}

pub(crate) fn bomb(stream: &mut TcpStream) {
    send(stream, &[HEAD, b"Content-Encoding: gzip\r\n\r\n", bombs()]);
}

pub(crate) fn not_gzip(stream: &mut TcpStream) {
    send(stream, &[HEAD, b"Content-Encoding: gzip\r\n\r\n{\"totalResults\":0}"]);
}

pub(crate) fn brotli(stream: &mut TcpStream) {
    send(stream, &[HEAD, b"Content-Encoding: br\r\n\r\n\x0b\x01\x80{}\x03"]);
}

/// About a gigabyte of spaces in a megabyte of gzip.
fn bombs() -> &'static [u8] {
    static BOMB: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    BOMB.get_or_init(|| {
        use flate2::{Compress, Compression, FlushCompress};
        let (mut deflate, spaces) = (Compress::new(Compression::fast(), false), vec![b' '; 1 << 20]);
        // The second block refers to nothing before it, so it can stand there any number of times.
        let mut block = Vec::with_capacity(1 << 16);
        deflate.compress_vec(&spaces, &mut block, FlushCompress::Full).expect("block");
        [vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], block.repeat(1024)].concat()
    })
}
