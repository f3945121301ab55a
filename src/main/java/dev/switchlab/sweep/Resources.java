package dev.switchlab.sweep;

/**
 * What one child may use on a cluster, as its scheduler names it; nothing of it is used on the local machine.
 *
 * @param cpus cores; 0 for as many as threads
 * @param memory such as {@code 2G}; empty for the cluster's own default
 * @param gpus 0 for none
 * @param time the longest a child may take, such as {@code 1:30:00}; empty for the cluster's own default
 * @param options further options of {@code sbatch}, such as {@code --partition=short}; empty for none
 */
public record Resources(int cpus, String memory, int gpus, String time, String options) {

    /** Nothing is asked for. */
    public static final Resources DEFAULT = new Resources(0, "", 0, "", "");
}
