/*
 * process_table: which processes belong to a gateway: those of its process
 * group and all their children, whatever group these have by now. From /proc.
 */
#ifndef GATEDRILL_HARNESS_PROCESS_TABLE_H
#define GATEDRILL_HARNESS_PROCESS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct process_list {
    pid_t *items;
    size_t count, capacity;
};
/*
 * The group's leader and its children are those of this moment; members of the
 * group that are nobody's child any more, of at most a second ago: to look
 * through all processes of a machine in every case would be too dear.
 */
void process_list_take(struct process_list *out, pid_t group);
void process_list_release(struct process_list *list);

#endif
