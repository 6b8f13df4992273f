#include "harness/leaks/process_table.h"

#include <ctype.h>
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/xalloc.h"

#define STALE_NS NS_PER_S

static bool has(const struct process_list *list, pid_t pid)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i] == pid)
            return true;
    return false;
}

static void add(struct process_list *list, pid_t pid)
{
    if (pid <= 0 || has(list, pid))
        return;
    list->items =
        xgrow(list->items, list->count, &list->capacity, sizeof *list->items);
    list->items[list->count++] = pid;
}

void process_list_release(struct process_list *list)
{
    free(list->items);
    *list = (struct process_list){ 0 };
}

/* --- children ------------------------------------------------------------ */

/* Those that one thread of a process made. */
static void add_children_of(struct process_list *list, pid_t pid,
                            const char *thread)
{
    char path[96];
    FILE *in;
    int child;

    snprintf(path, sizeof path, "/proc/%d/task/%.20s/children", (int)pid,
             thread);
    in = fopen(path, "re");
    while (in && fscanf(in, "%d", &child) == 1)
        add(list, child);
    if (in)
        fclose(in);
}

static void add_children(struct process_list *list, pid_t pid)
{
    const struct dirent *entry;
    char path[48];
    DIR *threads;

    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    threads = opendir(path);
    while (threads && (entry = readdir(threads)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0]))
            add_children_of(list, pid, entry->d_name);
    if (threads)
        closedir(threads);
}

/* --- groups -------------------------------------------------------------- */

/* All processes of the machine with their groups, kept for a second. */
static struct {
    pthread_mutex_t lock;
    int64_t taken_ns;
    struct membership {
        pid_t pid, group;
    } * items;
    size_t count, capacity;
} table = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* The group stands behind the name, which may hold anything. */
static pid_t group_of(const char *pid)
{
    char path[48], text[512];
    const char *end;
    int group = 0;
    size_t length;
    FILE *in;

    snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    in = fopen(path, "re");
    if (!in)
        return 0;
    length = fread(text, 1, sizeof text - 1, in);
    fclose(in);
    text[length] = '\0';
    end = strrchr(text, ')');
    if (!end || sscanf(end + 1, " %*c %*d %d", &group) != 1)
        return 0;
    return group;
}

static void refresh_table(void)
{
    const struct dirent *entry;
    DIR *all = opendir("/proc");

    table.count = 0;
    while (all && (entry = readdir(all)) != NULL) {
        pid_t group;

        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        group = group_of(entry->d_name);
        table.items = xgrow(table.items, table.count, &table.capacity,
                            sizeof *table.items);
        table.items[table.count++] =
            (struct membership){ (pid_t)strtol(entry->d_name, NULL, 10),
                                 group };
    }
    if (all)
        closedir(all);
    table.taken_ns = clock_now_ns();
}

static void add_members(struct process_list *list, pid_t group)
{
    pthread_mutex_lock(&table.lock);
    if (!table.taken_ns || clock_now_ns() - table.taken_ns > STALE_NS)
        refresh_table();
    for (size_t i = 0; i < table.count; i++)
        if (table.items[i].group == group)
            add(list, table.items[i].pid);
    pthread_mutex_unlock(&table.lock);
}

void process_list_take(struct process_list *out, pid_t group)
{
    *out = (struct process_list){ 0 };
    if (group <= 0)
        return;
    add(out, group);
    add_members(out, group);
    for (size_t i = 0; i < out->count; i++)
        add_children(out, out->items[i]);
}
