#include "harness/drill/schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "harness/judge/check.h"
#include "harness/drill/machine_load.h"
#include "harness/drill/quarantine.h"
#include "harness/drill/trial.h"

#define SCHEDULE_JOBS_SHARED 64
#define SCHEDULE_JOBS_POOLED 24
#define SCHEDULE_TICK_MS     100
/* Client requests of herds at once: several herds together would be a load that
 * no scenario speaks of. */
#define SCHEDULE_CROWD_MOST 100

int64_t schedule_jobs(size_t cases, enum process_reuse reuse)
{
    int64_t most =
        reuse == REUSE_SHARED ? SCHEDULE_JOBS_SHARED : SCHEDULE_JOBS_POOLED;

    return (int64_t)cases < most ? (int64_t)cases : most;
}

struct schedule {
    struct drill *drill;
    struct planned_case **queue; /* in the order to be taken; NULL: taken */
    size_t count, next;          /* nothing is left before next */
    int64_t jobs;
    int64_t patience_ms;    /* with the machine's load; with door */
    int64_t crowd;          /* client requests of the herds that run */
    pthread_mutex_t door;   /* taken before drill->lock: one enters at a time */
    pthread_cond_t thinned; /* with drill->lock: crowd became less */
};

/* The harness itself could not go on: remembered once, the rest is ended. */
static void schedule_broke(struct drill *drill, const struct err *err)
{
    pthread_mutex_lock(&drill->lock);
    if (!drill->broke) {
        drill->broke = true;
        drill->broke_err = *err;
    }
    drill->cancelled = 1;
    pthread_mutex_unlock(&drill->lock);
}

/* A declared cooldown makes fault cases need a fresh process each. */
static bool schedule_fresh(const struct drill *drill,
                           const struct planned_case *planned)
{
    return planned->drill_case.needs_fresh_process ||
           drill->profile.process_reuse == REUSE_PER_CASE ||
           planned->runbook->cooldown.declared;
}

static void schedule_record(struct drill *drill, struct planned_case *planned,
                            const struct observation *o, int64_t wall_ms)
{
    struct judged judged = { .observation = o,
                             .allowed = planned->allowed,
                             .allowed_count = planned->drill_case.phase_count };
    struct findings findings = { 0 };
    struct err err = { 0 };

    judge_case(&findings, &judged);
    result_judge(planned->result, &drill->run, &judged, &findings, time(NULL),
                 wall_ms);
    findings_release(&findings);
    if (!run_save_safely(&drill->folder, planned->result, &err))
        schedule_broke(drill, &err);
    result_forget_history(planned->result);
}

/* Without its mock a run can go no further, and no gateway is to blame. */
static void schedule_check_mock(struct drill *drill)
{
    struct err err = { 0 };
    char how[64];

    if (!drill->mock.pid || !process_has_ended(&drill->mock, how, sizeof how))
        return;
    err_set(&err, ERR_STATE, "gatedrill-mock",
            "ended during the run: %s; what was finished is on disk", how);
    schedule_broke(drill, &err);
}

/* True when the case was carried out, or why not is in the observation. False:
 * on a shared slot somebody's attempts, or whose request left a key in a log,
 * could not be told apart. */
static bool schedule_try(struct drill *drill, struct planned_case *planned,
                         struct slot_kind kind, struct observation *o)
{
    bool fresh = schedule_fresh(drill, planned);
    bool poisoned = false, told_apart;
    struct err err = { 0 };
    struct slot *slot = slots_take(drill, kind, fresh, &err);

    if (!slot) {
        snprintf(o->run_id, sizeof o->run_id, "%s", drill->run.run_id);
        snprintf(o->broken, sizeof o->broken, "%.100s: %.400s", err.where,
                 err.text);
        return true;
    }
    trial_run(o, drill, slot, planned, &poisoned);
    late_add_case(drill, planned, slot, o);
    told_apart = !kind.shared || drill->cancelled ||
                 (!o->foreign_count && !observation_shares_leak(o));
    if (told_apart)
        quarantine_sinks(drill, slot->id, &slot->sinks, o->hits, o->hit_count);
    slots_give_back(drill, slot, planned->drill_case.id, !poisoned && !fresh);
    return told_apart;
}

static void schedule_case(struct drill *drill, struct planned_case *planned)
{
    struct slot_kind kind = slot_kind_of(drill, &planned->drill_case);
    const struct observation fresh = { .drill_case = &planned->drill_case,
                                       .runbook = planned->runbook,
                                       .profile = &drill->profile };
    struct observation o = fresh;
    int64_t started_ns = clock_now_ns();

    /* An attempt that lost its text belongs to a case all the same; on its own
     * listeners the lease says to which. */
    while (!schedule_try(drill, planned, kind, &o)) {
        observation_release(&o);
        o = fresh;
        kind.shared = false;
    }
    if (o.broken[0])
        schedule_check_mock(drill);
    /* What a stopped run cut short has no answer. */
    if (!drill->cancelled)
        schedule_record(drill, planned, &o,
                        (clock_now_ns() - started_ns) / NS_PER_MS);
    observation_release(&o);
}

static void schedule_left(struct schedule *schedule)
{
    int64_t sum_ms = 0, most_ms = 0;

    for (size_t i = schedule->next; i < schedule->count; i++) {
        int64_t ms = schedule->queue[i] ? schedule->queue[i]->longest_ms : 0;

        sum_ms += ms;
        most_ms = ms > most_ms ? ms : most_ms;
    }
    progress_plan(&schedule->drill->progress, sum_ms, most_ms);
}

/* How many client requests at once make a case a herd's; 0: it is none. */
static int64_t schedule_crowd_of(const struct planned_case *planned)
{
    const struct drill_case *c = &planned->drill_case;
    int64_t most = 0, sum = 0;

    for (size_t i = 0; i < c->phase_count; i++) {
        const struct case_client *client = &c->phases[i].client;

        if (client->concurrency > most)
            most = client->concurrency;
        sum += client->requests > 0 ? client->requests : 1;
    }
    if (c->together)
        most = sum;
    return most > 1 ? most : 0;
}

/* The first of the queue for which there is room beside the herds that run, or
 * anything when none runs. NULL: nothing is left, or the run was cancelled. */
static struct planned_case *schedule_take(struct schedule *schedule)
{
    struct drill *drill = schedule->drill;

    while (!drill->cancelled && schedule->next < schedule->count) {
        for (size_t i = schedule->next; i < schedule->count; i++) {
            struct planned_case *planned = schedule->queue[i];
            int64_t crowd = planned ? schedule_crowd_of(planned) : 0;

            if (!planned || (crowd && schedule->crowd &&
                             schedule->crowd + crowd > SCHEDULE_CROWD_MOST))
                continue;
            schedule->crowd += crowd;
            schedule->queue[i] = NULL;
            while (schedule->next < schedule->count &&
                   !schedule->queue[schedule->next])
                schedule->next++;
            return planned;
        }
        pthread_cond_wait(&schedule->thinned, &drill->lock);
    }
    return NULL;
}

static struct planned_case *schedule_enter(struct schedule *schedule)
{
    struct drill *drill = schedule->drill;
    struct planned_case *planned;

    pthread_mutex_lock(&schedule->door);
    schedule->patience_ms = machine_load_patience(
        schedule->patience_ms,
        machine_load_settle(schedule->patience_ms, &drill->cancelled));
    pthread_mutex_lock(&drill->lock);
    planned = schedule_take(schedule);
    if (planned) {
        progress_case_started(&drill->progress, clock_now_ns());
        schedule_left(schedule);
    }
    pthread_mutex_unlock(&drill->lock);
    pthread_mutex_unlock(&schedule->door);
    return planned;
}

static void *schedule_worker(void *context)
{
    struct schedule *schedule = context;
    struct drill *drill = schedule->drill;
    struct planned_case *planned;

    while ((planned = schedule_enter(schedule))) {
        schedule_case(drill, planned);
        pthread_mutex_lock(&drill->lock);
        schedule->crowd -= schedule_crowd_of(planned);
        pthread_cond_broadcast(&schedule->thinned);
        if (!drill->cancelled)
            progress_case_done(&drill->progress, planned->result,
                               clock_now_ns());
        pthread_mutex_unlock(&drill->lock);
    }
    return NULL;
}

static int schedule_longer(const void *a, const void *b)
{
    const struct planned_case *left = *(struct planned_case *const *)a;
    const struct planned_case *right = *(struct planned_case *const *)b;

    if (left->longest_ms != right->longest_ms)
        return left->longest_ms > right->longest_ms ? -1 : 1;
    return left < right ? -1 : left > right;
}

/* The second pass, from `first` on, in an order drawn from the seed. */
static void schedule_shuffle(struct schedule *schedule, size_t first)
{
    struct planned_case **queue = schedule->queue + first;
    uint64_t state = schedule->drill->seed | 1;

    for (size_t i = schedule->count - first; i > 1; i--) {
        struct planned_case *swap;
        size_t j;

        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        j = (size_t)((state >> 33) % i);
        swap = queue[i - 1];
        queue[i - 1] = queue[j];
        queue[j] = swap;
    }
}

/* The longest first, so that nothing long is left at the end; where there is a
 * second pass, all of the first before it. */
static void schedule_sort(struct schedule *schedule)
{
    int64_t shuffled_from = schedule->drill->run.shuffled_from;
    size_t first = 0;

    while (first < schedule->count &&
           (!shuffled_from || schedule->queue[first]->repeat < shuffled_from))
        first++;
    qsort(schedule->queue, first, sizeof *schedule->queue, schedule_longer);
    schedule_shuffle(schedule, first);
}

static void schedule_prepare(struct schedule *schedule, struct drill *drill)
{
    struct err err = { 0 };

    *schedule = (struct schedule){ .drill = drill,
                                   .patience_ms = MACHINE_LOAD_MOST_MS };
    pthread_mutex_init(&schedule->door, NULL);
    pthread_cond_init(&schedule->thinned, NULL);
    schedule->queue = xcalloc(drill->case_count, sizeof(struct planned_case *));
    for (size_t i = 0; i < drill->case_count; i++) {
        struct planned_case *planned = &drill->cases[i];
        char test_id[EVIDENCE_TEST_ID_SIZE];

        evidence_test_id(test_id, time(NULL), planned->drill_case.number);
        planned->result = result_new(&planned->drill_case, test_id);
        planned->result->repeat = planned->repeat;
        result_list_add(&drill->run.results, planned->result);
        if (planned->drill_case.not_applicable) {
            result_skip(planned->result, planned->drill_case.not_applicable);
            if (!run_save_result(&drill->folder, planned->result, &err))
                schedule_broke(drill, &err);
            progress_case_done(&drill->progress, planned->result,
                               clock_now_ns());
            continue;
        }
        schedule->queue[schedule->count++] = planned;
    }
    schedule->jobs =
        drill->options.jobs
            ? drill->options.jobs
            : schedule_jobs(schedule->count,
                            (enum process_reuse)drill->profile.process_reuse);
    if (drill->suite.ordered)
        schedule->jobs = 1;
    else
        schedule_sort(schedule);
}

/* The caller's thread watches while the workers work. */
static void schedule_watch(struct schedule *schedule, pthread_t *workers,
                           size_t count)
{
    struct drill *drill = schedule->drill;

    for (size_t i = 0; i < count; i++) {
        for (;;) {
            struct timespec due;

            clock_gettime(CLOCK_REALTIME, &due);
            due.tv_nsec += SCHEDULE_TICK_MS * NS_PER_MS;
            due.tv_sec += due.tv_nsec / NS_PER_S;
            due.tv_nsec %= NS_PER_S;
            if (pthread_timedjoin_np(workers[i], NULL, &due) == 0)
                break;
            pthread_mutex_lock(&drill->lock);
            progress_tick(&drill->progress, clock_now_ns());
            pthread_mutex_unlock(&drill->lock);
        }
    }
}

void schedule_run(struct drill *drill)
{
    struct schedule schedule;
    pthread_t workers[256];
    size_t count = 0;

    schedule_prepare(&schedule, drill);
    drill->progress.jobs = schedule.jobs;
    while (count < (size_t)schedule.jobs && count < schedule.count &&
           count < sizeof workers / sizeof workers[0]) {
        if (pthread_create(&workers[count], NULL, schedule_worker, &schedule) !=
            0)
            break;
        count++;
    }
    if (count == 0)
        schedule_worker(&schedule);
    schedule_watch(&schedule, workers, count);
    pthread_cond_destroy(&schedule.thinned);
    pthread_mutex_destroy(&schedule.door);
    free(schedule.queue);
}
