/**
 * A sweep as one job array of a Slurm cluster. Each run writes a book of its own, because SQLite does not belong on a
 * network file system; when the run has ended, its book is merged into the sweep's. There is no other state: a later
 * call finds the jobs by their name, and the results in the folder of the sweep.
 */
package dev.switchlab.sweep.slurm;
