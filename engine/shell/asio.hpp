// The one include of Asio. Its function bodies are compiled once, in asio.cpp, because every file that
// includes them pays seconds of compile time (measurements.md). For .cpp files of this folder and of tests;
// headers forward-declare boost::asio::io_context instead.
#pragma once

#define BOOST_ASIO_SEPARATE_COMPILATION
#define BOOST_ASIO_NO_DEPRECATED
#define BOOST_ASIO_DISABLE_BOOST_COROUTINE
#ifdef __SANITIZE_THREAD__
// The sanitizer does not know memory fences. Hand-overs between threads go through Asio's mutexes anyway.
#define BOOST_ASIO_DISABLE_FENCED_BLOCK
#endif

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

namespace asio = boost::asio;
