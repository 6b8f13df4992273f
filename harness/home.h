/* home: where what ships with the programs stands: beside the executable in a
 * build tree (bin/../..), or in ../share/gatedrill when installed;
 * GATEDRILL_HOME overrides both. */
#ifndef GATEDRILL_HARNESS_HOME_H
#define GATEDRILL_HARNESS_HOME_H

/* A path below the home, such as "scenarios". Caller frees. */
char *home_path(const char *below);
/* The folder of our own programs. Caller frees. */
char *home_bin(void);
/* Whole files: NULL when it cannot be read. Caller frees. */
char *path_join(const char *folder, const char *name);
/* The folder of a path, "." when it has none. Caller frees. */
char *path_folder(const char *path);

#endif
