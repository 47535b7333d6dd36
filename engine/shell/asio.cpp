// Asio's own translation unit.
#include "engine/shell/asio.hpp"

#include <boost/asio/impl/src.hpp>
