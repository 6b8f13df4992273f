#include "harness/launch/port.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/digest.h"

#define PORT_LEAST 10000

static int port_ephemeral_start(void)
{
    FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
    int first = 32768;

    if (file) {
        if (fscanf(file, "%d", &first) != 1)
            first = 32768;
        fclose(file);
    }
    return first;
}

static int port_lock(int number)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int lock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int length;

    if (lock < 0)
        return -1;
    length = snprintf(name.sun_path + 1, sizeof name.sun_path - 1,
                      "gatedrill-port-%d", number);
    if (bind(lock, (struct sockaddr *)&name,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1) +
                 (socklen_t)length) < 0) {
        close(lock);
        return -1;
    }
    return lock;
}

static bool port_is_free(int number)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)number),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in any = address;
    int test = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_free;

    any.sin_addr.s_addr = htonl(INADDR_ANY);
    is_free = test >= 0 && bind(test, (struct sockaddr *)&any, sizeof any) == 0;
    if (test >= 0)
        close(test);
    return is_free;
}

bool port_take(struct port *out, struct err *err)
{
    int end = port_ephemeral_start();
    uint16_t start;

    *out = (struct port){ .lock = -1 };
    if (end < PORT_LEAST + 1000)
        end = 65535;
    digest_random(&start, sizeof start);
    for (int i = 0; i < end - PORT_LEAST; i++) {
        int number = PORT_LEAST + (start + i) % (end - PORT_LEAST);
        int lock = port_lock(number);

        if (lock < 0)
            continue;
        if (port_is_free(number)) {
            *out = (struct port){ number, lock };
            return true;
        }
        close(lock);
    }
    err_set(err, ERR_NET, "gateway.port", "no free port in %d..%d", PORT_LEAST,
            end - 1);
    return false;
}

void port_release(struct port *port)
{
    if (port->number && port->lock >= 0)
        close(port->lock);
    *port = (struct port){ .lock = -1 };
}
