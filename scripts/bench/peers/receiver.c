/* udp-bound-receiver in C: a recvfrom loop that prints each datagram on a line of its own. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

int main(void) {
    static char buffer[65536];
    setvbuf(stdout, NULL, _IOLBF, 0); /* a line at a time, as the lesson prints */
    int receiver = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(receiver, (struct sockaddr *)&address, size) ||
        getsockname(receiver, (struct sockaddr *)&address, &size)) {
        perror("Error: cannot listen");
        return 1;
    }
    fprintf(stderr, "Listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    for (;;) {
        size = sizeof address;
        ssize_t length = recvfrom(receiver, buffer, sizeof buffer, 0, (struct sockaddr *)&address, &size);
        if (length < 0) {
            perror("Error: cannot receive a datagram");
            return 1;
        }
        fwrite(buffer, 1, length, stdout);
        putchar('\n');
    }
}
