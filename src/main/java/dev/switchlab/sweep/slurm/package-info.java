/**
 * Children of a sweep as one job array of a Slurm cluster. Each has a book of runs in a folder of its own, because
 * SQLite does not belong on a network file system; what it left is merged into the sweep's book when it has ended.
 * Nothing is remembered here: the jobs of a sweep are known by their name, and what children reached by what they left.
 */
package dev.switchlab.sweep.slurm;
