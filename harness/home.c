#include "harness/home.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xalloc.h"

char *path_join(const char *folder, const char *name)
{
    if (name[0] == '/' || !folder || !folder[0])
        return xstrdup(name);
    return xasprintf("%s/%s", folder, name);
}

char *path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return xstrdup(".");
    if (slash == path)
        return xstrdup("/");
    return xstrndup(path, (size_t)(slash - path));
}

char *home_bin(void)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

    if (length < 0)
        return xstrdup(".");
    self[length] = '\0';
    return path_folder(self);
}

static char *home_find(void)
{
    static const char *const places[] = { "../..", "../share/gatedrill", NULL };
    const char *given = getenv("GATEDRILL_HOME");
    char *bin;
    char *found = NULL;

    if (given && given[0])
        return xstrdup(given);
    bin = home_bin();
    for (size_t i = 0; places[i] && !found; i++) {
        char *place = path_join(bin, places[i]);
        char *probe = path_join(place, "scenarios");

        if (access(probe, R_OK) == 0)
            found = realpath(place, NULL);
        free(probe);
        free(place);
    }
    free(bin);
    /* A test program links the rooms from another folder of the tree. */
    return found ? found : xstrdup(GATEDRILL_SOURCE_DIR);
}

char *home_path(const char *below)
{
    char *home = home_find();
    char *path = path_join(home, below);

    free(home);
    return path;
}
