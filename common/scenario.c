#include "common/scenario_file.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/xalloc.h"

static bool ends_with(const char *text, const char *ending)
{
    size_t length = strlen(text);
    size_t size = strlen(ending);

    return length >= size && !strcmp(text + length - size, ending);
}

/* The file's path without ".json", absolute where that can be told. */
static char *path_stem(const char *path)
{
    char *whole = realpath(path, NULL);
    char *stem = whole ? whole : xstrdup(path);

    if (ends_with(stem, ".json"))
        stem[strlen(stem) - 5] = '\0';
    return stem;
}

/* The end of the stem that lies below root. */
static const char *below_root(const char *stem, const char *root)
{
    char *whole = root ? realpath(root, NULL) : NULL;
    size_t length = whole ? strlen(whole) : 0;
    const char *below = strrchr(stem, '/') ? strrchr(stem, '/') + 1 : stem;

    if (length && !strncmp(stem, whole, length) &&
        (stem[length] == '/' || whole[length - 1] == '/'))
        below = stem + length + (stem[length] == '/');
    free(whole);
    return below;
}

/* The id is the end of the file's path, and at least what lies below root. */
static bool check_id(const struct scenario *s, const char *root,
                     struct err *err)
{
    char *stem = path_stem(s->path);
    const char *below = below_root(stem, root);
    char *ending = xasprintf("/%s", s->id);
    bool ok = ends_with(stem, ending) && strlen(s->id) >= strlen(below);
    char *place = xasprintf("%s: $.id", s->path);

    if (!ok)
        err_set(err, ERR_SCHEMA, place,
                "\"%s\" is not the file's path, which ends in \"%s\"", s->id,
                below);
    free(place);
    free(ending);
    free(stem);
    return ok;
}

/* Every case is read once, so that a typo anywhere is found at once. */
static bool lint_cases(const struct scenario *s, struct err *err)
{
    for (size_t i = 0; i < s->case_count; i++) {
        struct drill_case one;

        if (!scenario_case(&one, s, i, NULL, err))
            return false;
        drill_case_release(&one);
    }
    return true;
}

bool scenario_load(struct scenario *out, const char *path, const char *root,
                   struct err *err)
{
    struct err unwanted;
    char *place = xasprintf("%s: $", path);

    if (!err)
        err = &unwanted;
    *out = (struct scenario){ .path = xstrdup(path), .first_number = 1 };
    out->document = json_load(path, err);
    if (!out->document || !digest_file(out->file_sha256, path, NULL, err))
        goto fail;
    if (json_kind(out->document) != JSON_OBJECT) {
        err_set(err, ERR_SCHEMA, place, "is not an object");
        goto fail;
    }
    out->case_count = matrix_count(out->document, place, err);
    if (!out->case_count || !lint_cases(out, err))
        goto fail;
    out->id = xstrdup(json_get_text(out->document, "id", ""));
    if (!check_id(out, root, err))
        goto fail;
    free(place);
    return true;

fail:
    free(place);
    scenario_release(out);
    return false;
}

void scenario_release(struct scenario *scenario)
{
    if (!scenario)
        return;
    free(scenario->path);
    free(scenario->id);
    json_free(scenario->document);
    *scenario = (struct scenario){ 0 };
}

/* Folders beside the families that hold no scenario. */
static bool is_other_folder(const char *name)
{
    static const char *const others[] = { "schema", "suites", "fixtures" };

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (!strcmp(name, others[i]))
            return true;
    }
    return false;
}

static int is_wanted(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool load_folder(struct scenarios *all, const char *folder,
                        const char *root, struct err *err);

static bool load_entry(struct scenarios *all, const char *path,
                       const char *name, const char *root, struct err *err)
{
    struct stat info;

    if (stat(path, &info) < 0) {
        err_set_errno(err, ERR_IO, path);
        return false;
    }
    if (S_ISDIR(info.st_mode))
        return is_other_folder(name) || load_folder(all, path, root, err);
    if (!S_ISREG(info.st_mode) || !ends_with(name, ".json"))
        return true;
    all->items =
        xgrow(all->items, all->count, &all->capacity, sizeof *all->items);
    if (!scenario_load(&all->items[all->count], path, root, err))
        return false;
    all->count++;
    return true;
}

static bool load_folder(struct scenarios *all, const char *folder,
                        const char *root, struct err *err)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_wanted, alphasort);
    bool ok = true;

    if (count < 0) {
        err_set_errno(err, ERR_IO, folder);
        return false;
    }
    for (int i = 0; i < count; i++) {
        char *path = xasprintf("%s/%s", folder, entries[i]->d_name);

        ok = ok && load_entry(all, path, entries[i]->d_name, root, err);
        free(path);
        free(entries[i]);
    }
    free(entries);
    return ok;
}

static int compare(const void *a, const void *b)
{
    const struct scenario *left = a;
    const struct scenario *right = b;

    return strcmp(left->id, right->id);
}

/* Sorted and numbered; false when an id is there twice. */
static bool put_in_order(struct scenarios *all, struct err *err)
{
    int64_t number = 1;

    qsort(all->items, all->count, sizeof *all->items, compare);
    for (size_t i = 0; i < all->count; i++) {
        struct scenario *s = &all->items[i];

        if (i && !strcmp(s->id, s[-1].id)) {
            char *place = xasprintf("%s: $.id", s->path);

            err_set(err, ERR_SCHEMA, place, "\"%s\" is also the id of %s",
                    s->id, s[-1].path);
            free(place);
            return false;
        }
        s->first_number = number;
        number += (int64_t)s->case_count;
    }
    return true;
}

bool scenarios_load(struct scenarios *out, const char *root, struct err *err)
{
    *out = (struct scenarios){ 0 };
    if (!load_folder(out, root, root, err))
        goto fail;
    if (!out->count) {
        err_set(err, ERR_IO, root, "holds no scenario (*.json)");
        goto fail;
    }
    if (!put_in_order(out, err))
        goto fail;
    return true;

fail:
    scenarios_release(out);
    return false;
}

void scenarios_release(struct scenarios *all)
{
    if (!all)
        return;
    for (size_t i = 0; i < all->count; i++)
        scenario_release(&all->items[i]);
    free(all->items);
    *all = (struct scenarios){ 0 };
}
