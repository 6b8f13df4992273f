#include "harness/leaks/syslog_receiver.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/xalloc.h"

static char folder[] = "/tmp/gatedrill-syslog-XXXXXX";
static char file[64], path[64];

static void begin(void)
{
    cr_assert_not_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/seen", folder);
    snprintf(path, sizeof path, "%s/socket", folder);
}

static void finish(void)
{
    unlink(file);
    cr_expect_eq(rmdir(folder), 0, "something was left behind");
}

TestSuite(syslog_receiver, .init = begin, .fini = finish);

static struct syslog_receiver *receive(void)
{
    struct err err = { 0 };
    struct syslog_receiver *receiver = syslog_receiver_new(file, path, &err);

    cr_assert_not_null(receiver, "%s", err.text);
    return receiver;
}

static void send_udp(const struct syslog_receiver *receiver, const char *text)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)syslog_receiver_port(receiver));
    cr_assert_eq(
        sendto(fd, text, strlen(text), 0, (struct sockaddr *)&to, sizeof to),
        (ssize_t)strlen(text));
    close(fd);
}

static void send_unix(const char *text, size_t length)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    strcpy(to.sun_path, path);
    cr_assert_eq(sendto(fd, text, length, 0, (struct sockaddr *)&to, sizeof to),
                 (ssize_t)length);
    close(fd);
}

static char *seen(void)
{
    char *text = xcalloc(65536 * 2, 1);
    FILE *in = fopen(file, "r");

    cr_assert_not_null(in);
    text[fread(text, 1, 65536 * 2 - 1, in)] = '\0';
    fclose(in);
    return text;
}

Test(syslog_receiver, datagrams_of_both_sockets_are_lines)
{
    struct syslog_receiver *receiver = receive();
    char *text;

    send_udp(receiver, "<134>by udp");
    cr_expect_null(syslog_receiver_drain(receiver));
    send_unix("<134>by unix", 12);
    cr_expect_null(syslog_receiver_drain(receiver));
    text = seen();
    cr_expect_str_eq(text, "<134>by udp\n<134>by unix\n");
    free(text);
    syslog_receiver_free(receiver);
}

Test(syslog_receiver, what_came_before_the_end_is_kept)
{
    struct syslog_receiver *receiver = receive();
    char *text;

    send_udp(receiver, "last words");
    syslog_receiver_free(receiver);
    text = seen();
    cr_expect_str_eq(text, "last words\n");
    free(text);
}

Test(syslog_receiver, a_cut_datagram_is_a_problem)
{
    struct syslog_receiver *receiver = receive();
    size_t length = 70000;
    char *text = xcalloc(length + 1, 1);

    memset(text, 'x', length);
    send_unix(text, length);
    cr_expect_str_eq(syslog_receiver_drain(receiver),
                     "a datagram was longer than 64 KiB");
    free(text);
    syslog_receiver_free(receiver);
}

static void *read_on(void *context)
{
    int fd = *(int *)context;
    char bytes[65536];

    while (read(fd, bytes, sizeof bytes) > 0)
        continue;
    return NULL;
}

/* The file is a pipe nobody reads, so that the queue gets full; nothing is
 * queued behind what was dropped. */
Test(syslog_receiver, a_dropped_datagram_is_a_problem)
{
    enum { LENGTH = 60000, MANY = 400 };
    struct syslog_receiver *receiver;
    char *text = xcalloc(LENGTH + 1, 1);
    pthread_t thread;
    int ends[2];

    cr_assert_eq(mkfifo(file, 0600), 0);
    ends[0] = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ends[1] = open(file, O_WRONLY | O_CLOEXEC);
    receiver = receive();
    memset(text, 'x', LENGTH);
    for (int i = 0; i < MANY; i++)
        send_udp(receiver, text);
    fcntl(ends[0], F_SETFL, 0);
    pthread_create(&thread, NULL, read_on, &ends[0]);
    cr_expect_str_eq(syslog_receiver_drain(receiver), "a datagram was dropped");
    syslog_receiver_free(receiver);
    close(ends[1]);
    pthread_join(thread, NULL);
    close(ends[0]);
    free(text);
}

Test(syslog_receiver, too_long_a_name_is_told)
{
    char name[200];
    struct err err = { 0 };

    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    cr_expect_null(syslog_receiver_new(file, name, &err));
    cr_expect_eq(err.code, ERR_NET);
    cr_expect(strstr(err.text, "too long"), "%s", err.text);
}
