/* core_files: keys pass through both programs and what they start: no core file
 * may hold them. */
#ifndef GATEDRILL_COMMON_CORE_FILES_H
#define GATEDRILL_COMMON_CORE_FILES_H

/*
 * Before the first thread. This process cannot be dumped or looked into by
 * others of its user; what it starts inherits that a core file may have one
 * byte at most (which forbids it also where cores go to a program: a limit of 0
 * does not, core(5)) and may hold no memory.
 */
void core_files_forbid(void);

#endif
