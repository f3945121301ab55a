package dev.switchlab.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How long it is measured. Subjects take turns, A B C A B C, so that a busy minute of the machine falls on all of them.
 *
 * @param warmUp rounds before the clock counts: libtorch compiles kernels and the JVM methods in them
 * @param rounds rounds that count
 * @param repeats times that a subject runs in each of its turns
 */
record Rounds(int warmUp, int rounds, int repeats) {

    static final Rounds FULL = new Rounds(2, 10, 3);
    static final Rounds QUICK = new Rounds(1, 3, 1);

    int all() {
        return warmUp + rounds;
    }

    /**
     * Runs all rounds.
     *
     * @param turned is told after each subject's turn
     */
    Map<Subject, Samples> run(List<Subject> subjects, Runnable turned) {
        Map<Subject, Samples> samples = new LinkedHashMap<>();
        for (int round = 0; round < all(); round++) {
            for (Subject subject : subjects) {
                subject.round(round < warmUp ? new Samples() : samples.computeIfAbsent(subject, s -> new Samples()));
                turned.run();
            }
        }
        return samples;
    }
}
