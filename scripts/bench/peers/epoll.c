/* The dialogue of tcp-server-mio in C: one thread, level-triggered epoll, the same lines printed.
   Error handling is as short as a yardstick may have it: an answer that does not fit is dropped. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096, EVENTS = 1024 }; /* as in the lesson */

static void closed(int stream) {
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    char host[INET_ADDRSTRLEN] = "";
    if (getpeername(stream, (struct sockaddr *)&peer, &size) == 0)
        inet_ntop(AF_INET, &peer.sin_addr, host, sizeof host);
    printf("Connection from %s:%d closed.\n", host, ntohs(peer.sin_port));
    close(stream);
}

static void answer(int stream) {
    char buffer[1024], reply[1024 + 8];
    ssize_t length = read(stream, buffer, sizeof buffer);
    if (length <= 0 || (length == 4 && memcmp(buffer, "exit", 4) == 0)) {
        closed(stream);
        return;
    }
    memcpy(reply, "Hello, ", 7);
    memcpy(reply + 7, buffer, length);
    reply[7 + length] = '!';
    if (write(stream, reply, 8 + length) < 0)
        closed(stream);
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0); /* a line at a time, as the lesson prints */
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, BACKLOG) ||
        getsockname(listener, (struct sockaddr *)&address, &size)) {
        perror("Error: cannot listen");
        return 1;
    }
    fprintf(stderr, "Listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    int poll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[EVENTS];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(poll, events, EVENTS, -1);
        for (int at = 0; at < count; at++) {
            if (events[at].data.fd != listener) {
                answer(events[at].data.fd);
                continue;
            }
            struct sockaddr_in peer;
            size = sizeof peer;
            int stream = accept4(listener, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK);
            if (stream < 0)
                continue;
            char host[INET_ADDRSTRLEN];
            inet_ntop(AF_INET, &peer.sin_addr, host, sizeof host);
            printf("Accept new connection from %s:%d...\n", host, ntohs(peer.sin_port));
            setsockopt(stream, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
            event.data.fd = stream;
            epoll_ctl(poll, EPOLL_CTL_ADD, stream, &event);
            if (write(stream, "Welcome!", 8) < 0)
                closed(stream);
        }
    }
}
