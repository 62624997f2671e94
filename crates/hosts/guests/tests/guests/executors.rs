//! The executors under test, and a macro that runs each test on each of them.

use std::future::Future;

use quadrivium::executor::{self, Executor, Tokio};

/// An executor, and a function that runs a future on it.
pub trait TestedExecutor {
    type Executor: Executor + 'static;

    fn executor() -> Self::Executor;
    fn block_on<F: Future>(future: F) -> F::Output;
}

pub struct TokioCurrentThread;
pub struct TokioMultiThread;
pub struct SmolInFutures;

impl TestedExecutor for TokioCurrentThread {
    type Executor = Tokio;

    fn executor() -> Tokio {
        Tokio::default()
    }
    fn block_on<F: Future>(future: F) -> F::Output {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().unwrap().block_on(future)
    }
}

impl TestedExecutor for TokioMultiThread {
    type Executor = Tokio;

    fn executor() -> Tokio {
        Tokio::default()
    }
    fn block_on<F: Future>(future: F) -> F::Output {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.worker_threads(2).enable_all().build().unwrap().block_on(future)
    }
}

impl TestedExecutor for SmolInFutures {
    type Executor = executor::Smol;

    fn executor() -> executor::Smol {
        executor::Smol::default()
    }
    fn block_on<F: Future>(future: F) -> F::Output {
        futures::executor::block_on(future)
    }
}

/// Runs each test with each executor.
macro_rules! on_every_executor {
    ($($test:ident),* $(,)?) => {
        mod tokio_current_thread {
            $(#[test] fn $test() { super::$test::<crate::executors::TokioCurrentThread>() })*
        }
        mod tokio_multi_thread {
            $(#[test] fn $test() { super::$test::<crate::executors::TokioMultiThread>() })*
        }
        mod smol {
            $(#[test] fn $test() { super::$test::<crate::executors::SmolInFutures>() })*
        }
    };
}

pub(crate) use on_every_executor;
