#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/digest.h"
#include "common/xalloc.h"
#include "harness/evidence/run_folder.h"

/* What may go into a ticket. Source: contracts.md, "A run on disk". */
static const char *const ticket_safe[] = {
    "evidence.json",
    "evidence.md",
    "records/*",
    "records.jsonl",
    "run.json",
    "inputs/*",
    "manifest.json",
    "support.md",
    "attestation.intoto.json",
    NULL,
};

/* Not evidence: written last, made over the manifest, or apart from it. */
static const char *const unlisted[] = {
    "manifest.json", "attestation.intoto.json",
    "quarantine",    "work",
    "*.tmp",         NULL
};

struct name_list {
    char **items;
    size_t count, capacity;
};

static bool matches_one(const char *const *patterns, const char *name)
{
    for (size_t i = 0; patterns[i]; i++)
        if (fnmatch(patterns[i], name, 0) == 0)
            return true;
    return false;
}

bool run_file_ticket_safe(const char *name)
{
    return matches_one(ticket_safe, name);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every regular file below root/below, as names relative to root. */
static bool find_files(struct name_list *out, const char *root,
                       const char *below, struct err *err)
{
    char *path = xasprintf("%s/%s", root, below);
    DIR *dir = opendir(path);
    const struct dirent *entry;
    bool found = dir != NULL;

    if (!dir)
        err_set_errno(err, ERR_IO, path);
    while (found && (entry = readdir(dir)) != NULL) {
        char *name =
            xasprintf("%s%s%s", below, *below ? "/" : "", entry->d_name);
        char *file = xasprintf("%s/%s", root, name);
        struct stat status;

        if (entry->d_name[0] == '.' || matches_one(unlisted, name) ||
            lstat(file, &status) != 0) {
            free(name);
        } else if (S_ISDIR(status.st_mode)) {
            found = find_files(out, root, name, err);
            free(name);
        } else if (S_ISREG(status.st_mode)) {
            out->items = xgrow(out->items, out->count, &out->capacity,
                               sizeof *out->items);
            out->items[out->count++] = name;
        } else {
            free(name);
        }
        free(file);
    }
    if (dir)
        closedir(dir);
    free(path);
    return found;
}

static bool add_file(struct json *files, const char *root, const char *name,
                     struct err *err)
{
    char *path = xasprintf("%s/%s", root, name);
    char digest[DIGEST_HEX_SIZE];
    int64_t bytes = 0;
    bool read = digest_file(digest, path, &bytes, err);
    struct json *row;

    free(path);
    if (!read)
        return false;
    row = json_new_object();
    json_add_text(row, "name", name);
    json_add_text(row, "sha256", digest);
    json_add_int(row, "bytes", bytes);
    json_add_bool(row, "ticket_safe", run_file_ticket_safe(name));
    json_append(files, row);
    return true;
}

static void add_counts(struct json *manifest, const struct run *run,
                       size_t files)
{
    struct json *counts = json_add_object(manifest, "counts");

    json_add_int(counts, "files", (int64_t)files);
    json_add_int(counts, "records", run->passed + run->failed + run->held);
    json_add_int(counts, "planned", run->planned);
    json_add_int(counts, "pass", run->passed);
    json_add_int(counts, "fail", run->failed);
    json_add_int(counts, "hold", run->held);
    json_add_int(counts, "not_applicable", run->not_applicable);
}

bool run_folder_manifest(struct run_folder *folder, const struct run *run,
                         struct err *err)
{
    struct json *manifest = json_new_object();
    struct name_list names = { 0 };
    struct json *files;
    bool made = find_files(&names, folder->path, "", err);
    char *text;

    json_add_text(manifest, "schema", "gateway-manifest/v0.1");
    json_add_text(manifest, "run_id", run->run_id);
    add_counts(manifest, run, names.count);
    files = json_add_array(manifest, "files");
    if (names.count)
        qsort(names.items, names.count, sizeof *names.items, by_name);
    for (size_t i = 0; i < names.count && made; i++)
        made = add_file(files, folder->path, names.items[i], err);
    if (made) {
        text = json_print_pretty(manifest);
        made =
            run_folder_write(folder, "manifest.json", text, strlen(text), err);
        free(text);
    }
    for (size_t i = 0; i < names.count; i++)
        free(names.items[i]);
    free(names.items);
    json_free(manifest);
    return made;
}
