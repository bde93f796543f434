#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace gk {

struct Silence {
    int asked_about_s = 10;  // After so long the kernel asks ...
    int every_s = 5;         // ... again and again ...
    int times = 4;           // ... and then believes that it is the end.
};

// For a TCP connection whose other side may die without a word; and what is sent goes at once. What the kernel does not know is passed over.
inline void notice_silence(int socket, Silence silence = {}) {
    const int on = 1;
    const auto unsent_ms = 1000U * static_cast<unsigned>(silence.asked_about_s + silence.every_s * silence.times);
    ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &silence.asked_about_s, sizeof silence.asked_about_s);
    ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &silence.every_s, sizeof silence.every_s);
    ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &silence.times, sizeof silence.times);
    ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &unsent_ms, sizeof unsent_ms);
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace gk
