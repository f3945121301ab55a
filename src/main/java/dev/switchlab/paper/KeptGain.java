package dev.switchlab.paper;

import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.Difference;
import dev.switchlab.analysis.Setting;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.runs.Run;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The share of its teacher's gain that a student keeps (arXiv 2101.03961, section 4.2, tables 6 to 8): of the loss by
 * which the teacher is better than the student's baseline, the part by which the student is. The teacher is one run;
 * the interval is over resampled seeds of student and baseline.
 */
record KeptGain(double share, double low, double high) {

    /**
     * Empty for a variant without a teacher, or if the teacher, named as in {@code 16/switch, 8 experts/11}, is no run
     * of a variant of this name in the comparison.
     */
    static Optional<KeptGain> of(Setting student, Comparison comparison) {
        String[] alias =
                student.params().getOrDefault("train.teacher", Experiment.NONE).split("/", -1);
        Optional<Setting> baseline = comparison.difference(student).map(Difference::baseline);
        Optional<Run> teacher = comparison.settings().stream()
                .filter(setting -> alias.length == 3 && setting.name().equals(alias[1]))
                .flatMap(setting -> Optional.ofNullable(setting.bySeed().get(alias[2])).stream())
                .findFirst();
        if (baseline.isEmpty() || teacher.isEmpty()) {
            return Optional.empty();
        }
        Map<String, Run> without = baseline.get().bySeed();
        Map<String, Run> with = student.bySeed();
        Set<String> seeds = new TreeSet<>(with.keySet());
        seeds.retainAll(without.keySet());
        if (seeds.size() < 2) {
            return Optional.empty();
        }
        double best = score(teacher.get());
        double[] interval = Bootstrap.interval(seeds, sample -> share(best, without, with, sample));
        return Optional.of(new KeptGain(share(best, without, with, List.copyOf(seeds)), interval[0], interval[1]));
    }

    private static double share(double teacher, Map<String, Run> without, Map<String, Run> with, List<String> seeds) {
        double base = mean(without, seeds);
        return (base - mean(with, seeds)) / (base - teacher);
    }

    private static double mean(Map<String, Run> runs, List<String> seeds) {
        return seeds.stream()
                .mapToDouble(seed -> score(runs.get(seed)))
                .average()
                .orElseThrow();
    }

    private static double score(Run run) {
        return run.metric(Comparison.FINAL_SCORE);
    }

    /** Such as {@code 31 % [27 % 35 %]}. */
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%.0f %% [%.0f %% %.0f %%]", 100 * share, 100 * low, 100 * high);
    }
}
