/* The dialogue of tcp-server-threaded in C: one thread for each connection, the same lines printed.
   Error handling is as short as a yardstick may have it. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* As in the lesson. Stacks have the C library's own size. */
enum { BACKLOG = 4096, WRITE_SECONDS = 30 };

struct connection {
    int stream;
    struct sockaddr_in peer;
};

static void *serve(void *argument) {
    struct connection connection = *(struct connection *)argument;
    free(argument);
    char buffer[1024], reply[1024 + 8], host[INET_ADDRSTRLEN];
    struct timeval limit = {WRITE_SECONDS, 0};
    int yes = 1;
    setsockopt(connection.stream, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    setsockopt(connection.stream, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    ssize_t length = write(connection.stream, "Welcome!", 8);
    while (length > 0) {
        length = read(connection.stream, buffer, sizeof buffer);
        if (length <= 0 || (length == 4 && memcmp(buffer, "exit", 4) == 0))
            break;
        memcpy(reply, "Hello, ", 7);
        memcpy(reply + 7, buffer, length);
        reply[7 + length] = '!';
        length = write(connection.stream, reply, 8 + length);
    }
    close(connection.stream);
    inet_ntop(AF_INET, &connection.peer.sin_addr, host, sizeof host);
    printf("Connection from %s:%d closed.\n", host, ntohs(connection.peer.sin_port));
    return NULL;
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0); /* a line at a time, as the lesson prints */
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, BACKLOG) ||
        getsockname(listener, (struct sockaddr *)&address, &size)) {
        perror("Error: cannot listen");
        return 1;
    }
    fprintf(stderr, "Listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    for (;;) {
        struct connection *connection = malloc(sizeof *connection);
        size = sizeof connection->peer;
        if (!connection)
            return 1;
        connection->stream = accept(listener, (struct sockaddr *)&connection->peer, &size);
        if (connection->stream < 0) {
            perror("cannot serve a client");
            usleep(200 * 1000);
            free(connection);
            continue;
        }
        char host[INET_ADDRSTRLEN];
        inet_ntop(AF_INET, &connection->peer.sin_addr, host, sizeof host);
        printf("Accept new connection from %s:%d...\n", host, ntohs(connection->peer.sin_port));
        pthread_t thread;
        if (pthread_create(&thread, &attributes, serve, connection)) {
            perror("cannot serve a client");
            usleep(200 * 1000);
            close(connection->stream);
            free(connection);
        }
    }
}
