//! Methods of [`Body`] that perform a task and check its output: a value, an error, or bytes.

use std::{
    fmt::Debug,
    io::{self, ErrorKind},
};

use quadrivium::Task;

use crate::{Body, Notes, sockets::read};

/// The output of an operation: a result, or a result with the buffer that it returns.
pub(crate) trait Outcome {
    type Value;
    type Error;

    fn result(self) -> Result<Self::Value, Self::Error>;
}

impl<V, E> Outcome for Result<V, E> {
    type Value = V;
    type Error = E;

    fn result(self) -> Self {
        self
    }
}

impl<V, E, B> Outcome for (Result<V, E>, B) {
    type Value = V;
    type Error = E;

    fn result(self) -> Result<V, E> {
        self.0
    }
}

impl<T: 'static> Body<T> {
    /// Performs a task that must succeed.
    pub(crate) fn perform_ok<P>(self, make: impl FnOnce() -> P + 'static) -> Self
    where
        P: Task<Output: Outcome<Error: Debug>> + 'static,
    {
        self.perform_then(make, |output| _ = output.result().unwrap())
    }

    /// Performs a task that must succeed with this value.
    pub(crate) fn perform_eq<P, V>(self, make: impl FnOnce() -> P + 'static, value: V) -> Self
    where
        P: Task<Output: Outcome<Value: Debug + PartialEq<V>, Error: Debug>> + 'static,
        V: Debug + 'static,
    {
        self.perform_then(make, move |output| assert_eq!(output.result().unwrap(), value))
    }

    /// Performs a task that must fail with an error of this kind.
    pub(crate) fn perform_err<P>(self, make: impl FnOnce() -> P + 'static, kind: ErrorKind) -> Self
    where
        P: Task<Output: Outcome<Error = io::Error>> + 'static,
    {
        self.perform_then(make, move |output| {
            assert_eq!(output.result().err().map(|error| error.kind()), Some(kind));
        })
    }

    /// Performs a read that must return exactly these bytes.
    pub(crate) fn perform_read<P>(
        self,
        make: impl FnOnce() -> P + 'static,
        bytes: impl Into<Vec<u8>>,
    ) -> Self
    where
        P: Task<Output = (io::Result<usize>, Vec<u8>)> + 'static,
    {
        let bytes = bytes.into();
        self.perform_then(make, move |output| assert_eq!(read(output), bytes))
    }

    /// Performs a read that must fill its buffer with these bytes.
    pub(crate) fn perform_read_exact<P, B>(
        self,
        make: impl FnOnce() -> P + 'static,
        bytes: impl Into<Vec<u8>>,
    ) -> Self
    where
        P: Task<Output = (io::Result<()>, B)> + 'static,
        B: AsRef<[u8]>,
    {
        let bytes = bytes.into();
        self.perform_then(make, move |(done, buffer)| {
            done.unwrap();
            let n = bytes.len();
            assert!(buffer.as_ref() == bytes, "the {n} bytes read differ from those expected");
        })
    }

    /// Performs this task, and notes its output.
    pub(crate) fn perform_and_note<P>(self, notes: &Notes, task: P) -> Self
    where
        P: Task<Output: Debug> + 'static,
    {
        let notes = notes.clone();
        self.perform_then(|| task, move |output| notes.add(format!("{output:?}")))
    }
}
