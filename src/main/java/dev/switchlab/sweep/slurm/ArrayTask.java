package dev.switchlab.sweep.slurm;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One task of a job array, as {@code squeue} shows it.
 *
 * @param job number of the array
 * @param number of the child, which is the task's index
 * @param state in Slurm's long form, such as {@code PENDING}
 * @param reason why it waits, or why it ended; {@code None} where there is no reason
 */
record ArrayTask(long job, int number, String state, String reason) {

    /** What {@link #parse} reads: array, index, state, reason; a task a line. */
    static final String FORMAT = "%F %K %T %r";

    /**
     * States that stay. Whatever else there is, a requeued job's among them, is a state of a job that Slurm still has
     * to do with.
     */
    private static final Set<String> ENDED = Set.of(
            "BOOT_FAIL",
            "CANCELLED",
            "COMPLETED",
            "DEADLINE",
            "FAILED",
            "NODE_FAIL",
            "OUT_OF_MEMORY",
            "PREEMPTED",
            "REVOKED",
            "TIMEOUT");

    private static final Set<String> ON_A_NODE =
            Set.of("RUNNING", "CONFIGURING", "COMPLETING", "SIGNALING", "STAGE_OUT", "STOPPED", "SUSPENDED");

    private static final Set<String> ITS_TURN = Set.of("None", "JobArrayTaskLimit", "Priority", "Resources");

    /** Reads a line; empty for one that is no task of an array. */
    static Optional<ArrayTask> parse(String line) {
        String[] words = line.strip().split("\\s+", 4);
        if (words.length < 3 || !words[0].matches("\\d{1,18}") || !words[1].matches("\\d{1,9}")) {
            return Optional.empty();
        }
        String reason = words.length == 4 ? words[3] : "None";
        return Optional.of(new ArrayTask(Long.parseLong(words[0]), Integer.parseInt(words[1]), words[2], reason));
    }

    /** The task of a child that counts: one that is still to be done, otherwise the newest. */
    static Optional<ArrayTask> of(int number, List<ArrayTask> tasks) {
        return tasks.stream()
                .filter(task -> task.number() == number)
                .max(Comparator.comparing((ArrayTask task) -> !task.hasEnded()).thenComparing(ArrayTask::job));
    }

    boolean hasEnded() {
        return ENDED.contains(state);
    }

    boolean isOnANode() {
        return ON_A_NODE.contains(state);
    }

    /** What it waits for, in Slurm's words, such as {@code BeginTime}; empty where it is only its turn. */
    String why() {
        return ITS_TURN.contains(reason) ? "" : reason;
    }
}
