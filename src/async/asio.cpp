// Asio and Beast are compiled here, once for all targets (cmake/dependencies.cmake sets the separate compilation).
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
