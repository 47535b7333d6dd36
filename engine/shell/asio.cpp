// Asio's own translation unit.
#include "engine/shell/asio.hpp"

#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/ssl/impl/src.hpp>
