//! All open connections together: how many there may be, what is held for them, and which one has to go.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What clients may cost. Each limit of time is one from a beginning to an end: bytes that come one by one do not renew it.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Until the whole head of the next request has come; the time of an idle connection too.
    pub head: Duration,
    /// Until the whole body has come.
    pub body: Duration,
    /// Until the client has taken the whole answer, from when it first kept it waiting.
    pub answer: Duration,
    /// Connections at once. One more takes the place of the one that has kept the server waiting longest.
    pub connections: usize,
    /// Bytes of bodies and answers held for clients that keep the server waiting; beyond it they have to go too, the longest
    /// waited for first.
    pub held: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(60),
            body: Duration::from_secs(30),
            answer: Duration::from_secs(30),
            connections: 512,
            held: 64 << 20,
        }
    }
}

/// How far a connection is with its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The head is awaited, or there is no request yet.
    Head,
    /// The body is awaited.
    Body,
    /// The server works. It is not waiting for the client.
    Work,
    /// The answer is on its way.
    Answer,
}

/// The open connections.
#[derive(Debug)]
pub(super) struct Crowd {
    limits: Limits,
    seats: Mutex<Vec<Arc<Place>>>,
    /// A connection has ended, or waits for its client from now on.
    changed: Notify,
}

/// What is known of one connection.
#[derive(Debug)]
struct Place {
    state: Mutex<State>,
    dismissed: Notify,
}

#[derive(Clone, Copy, Debug)]
struct State {
    phase: Phase,
    since: Instant,
    held: usize,
}

/// The place of one connection; free again when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    place: Arc<Place>,
    crowd: Arc<Crowd>,
}

impl Crowd {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, seats: Mutex::default(), changed: Notify::new() })
    }

    /// The next connection that has a place.
    pub(super) async fn accept(self: &Arc<Self>, listener: &TcpListener) -> (TcpStream, Seat) {
        const PAUSE: Duration = Duration::from_millis(50);
        loop {
            match listener.accept().await {
                Ok((stream, _)) => return (stream, self.seat().await),
                // Its client has left already.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(_) => {
                    // Mostly the system has no more files to give: one connection less may help.
                    self.dismiss_longest(|_| true);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn seat(self: &Arc<Self>) -> Seat {
        loop {
            {
                let mut seats = lock(&self.seats);
                if seats.len() < self.limits.connections {
                    let state = State { phase: Phase::Head, since: Instant::now(), held: 0 };
                    let place = Arc::new(Place { state: Mutex::new(state), dismissed: Notify::new() });
                    seats.push(Arc::clone(&place));
                    return Seat { place, crowd: Arc::clone(self) };
                }
            }
            self.dismiss_longest(|_| true);
            self.changed.notified().await;
        }
    }

    /// Ends the connection that has kept the server waiting longest, of those asked for. False when there is none.
    fn dismiss_longest(&self, asked: impl Fn(&Arc<Place>) -> bool) -> bool {
        let seats = lock(&self.seats);
        let waiting = seats.iter().filter(|place| lock(&place.state).phase != Phase::Work && asked(place));
        let Some(longest) = waiting.min_by_key(|place| lock(&place.state).since) else { return false };
        lock(&longest.state).held = 0;
        longest.dismissed.notify_one();
        true
    }

    fn held(&self) -> usize {
        lock(&self.seats).iter().map(|place| lock(&place.state).held).sum()
    }
}

impl Seat {
    pub(super) fn limits(&self) -> Limits {
        self.crowd.limits
    }

    pub(super) fn phase(&self) -> Phase {
        lock(&self.place.state).phase
    }

    /// Goes on to another phase, in which nothing is held yet.
    pub(super) fn enter(&self, phase: Phase) {
        *lock(&self.place.state) = State { phase, since: Instant::now(), held: 0 };
        if phase != Phase::Work {
            self.crowd.changed.notify_one();
        }
    }

    /// Says how many bytes are held for the client. Where all together are too many, others have to go.
    pub(super) fn hold(&self, bytes: usize) {
        /// What is smaller cannot add up to much: there are not that many connections.
        const SMALL: usize = 64 << 10;
        lock(&self.place.state).held = bytes;
        if bytes <= SMALL {
            return;
        }
        let holds = |place: &Arc<Place>| !Arc::ptr_eq(place, &self.place) && lock(&place.state).held > SMALL;
        while self.crowd.held() > self.crowd.limits.held && self.crowd.dismiss_longest(holds) {}
    }

    /// Returns when the connection has to make room for others.
    pub(super) async fn dismissed(&self) {
        self.place.dismissed.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        lock(&self.crowd.seats).retain(|place| !Arc::ptr_eq(place, &self.place));
        self.crowd.changed.notify_one();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    fn crowd(connections: usize, held: usize) -> Arc<Crowd> {
        Crowd::new(Limits { connections, held, ..Limits::default() })
    }

    #[tokio::test]
    async fn one_too_many_takes_the_place_of_the_longest_waited_for_and_never_of_one_at_work() {
        let crowd = crowd(3, 1 << 20);
        let (at_work, first, second) = (crowd.seat().await, crowd.seat().await, crowd.seat().await);
        at_work.enter(Phase::Work);
        first.enter(Phase::Head);
        assert!(crowd.seat().now_or_never().is_none());
        assert!(second.dismissed().now_or_never().is_some() && first.dismissed().now_or_never().is_none());
        drop(second);
        let _third = crowd.seat().now_or_never().expect("a place is free");
        first.enter(Phase::Work);
        assert!(at_work.dismissed().now_or_never().is_none());
    }

    #[tokio::test]
    async fn a_place_comes_free_when_one_at_work_waits_for_its_client_again() {
        let crowd = crowd(1, 1 << 20);
        let only = crowd.seat().await;
        only.enter(Phase::Work);
        let other = Arc::clone(&crowd);
        let next = tokio::spawn(async move { drop(other.seat().await) });
        tokio::task::yield_now().await;
        only.enter(Phase::Answer);
        only.dismissed().await;
        drop(only);
        next.await.expect("a place");
    }

    #[tokio::test]
    async fn what_is_held_is_bounded_at_the_cost_of_the_others() {
        let crowd = crowd(9, 1 << 20);
        let (first, second, third) = (crowd.seat().await, crowd.seat().await, crowd.seat().await);
        first.hold(600 << 10);
        second.hold(300 << 10);
        third.hold(10);
        assert!(first.dismissed().now_or_never().is_none());
        second.hold(900 << 10);
        assert!(first.dismissed().now_or_never().is_some());
        assert!(third.dismissed().now_or_never().is_none());
        // Alone, one may hold what its own limits allow.
        second.hold(9 << 20);
        assert!(second.dismissed().now_or_never().is_none());
    }
}
