package dev.switchlab.sweep.slurm;

import dev.switchlab.io.WholeFile;
import dev.switchlab.sweep.ChildPlan;
import dev.switchlab.sweep.ChildStart;
import dev.switchlab.sweep.Resources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Children as one job array: the script that each task runs, and what {@code sbatch} is told. A task's index is the
 * number of its child.
 *
 * @param folder of the sweep
 * @param name of the job, by which it is known again
 * @param resources what a child may use
 * @param threads of a child
 * @param jobs children at a time; 0 for as many as the cluster likes
 */
record JobArray(Path folder, String name, Resources resources, int threads, int jobs) {

    private static final String INDEX = "\"$SLURM_ARRAY_TASK_ID\"";

    /** The name of a sweep's jobs: its folder is called by the id of its parent run. */
    static String name(Path folder) {
        return "switchlab-" + String.valueOf(folder.getFileName()).substring(0, 12);
    }

    /** The folder of a child's own book. */
    static Path book(Path folder, ChildPlan child) {
        return folder.resolve(Integer.toString(child.number()));
    }

    /** What a child prints of its state. */
    static Path output(Path folder, ChildPlan child) {
        return folder.resolve(child.number() + ".out");
    }

    /** What it prints beside, warnings and Slurm's own words among them. */
    static Path log(Path folder, ChildPlan child) {
        return folder.resolve(child.number() + ".log");
    }

    /** Writes the script, and returns its path. */
    Path writeScript(ChildStart start) throws IOException {
        String java = start.command(List.of("child", "--runs")).stream()
                .map(JobArray::quoted)
                .collect(Collectors.joining(" "));
        String here = quoted(folder.toString());
        Path script = folder.resolve("job.sh");
        // exec: the signals that Slurm sends are the child's.
        WholeFile.write(script, """
                #!/bin/bash
                # A child of a sweep, by its number; the same again goes on from its checkpoint.
                exec %s %s/%s %s/%s.json
                """.formatted(java, here, INDEX, here, INDEX));
        return script;
    }

    private static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }

    /** Options of {@code sbatch}. */
    List<String> options(List<ChildPlan> children) {
        List<String> options = new ArrayList<>();
        options.add("--job-name=" + name);
        options.add("--array=" + indices(children) + (jobs > 0 ? "%" + jobs : ""));
        options.add("--requeue");
        options.add("--open-mode=append");
        options.add("--output=" + pattern(".out"));
        options.add("--error=" + pattern(".log"));
        options.add("--ntasks=1");
        options.add("--cpus-per-task=" + (resources.cpus() > 0 ? resources.cpus() : threads));
        if (!resources.memory().isEmpty()) {
            options.add("--mem=" + resources.memory());
        }
        if (resources.gpus() > 0) {
            options.add("--gres=gpu:" + resources.gpus());
        }
        if (!resources.time().isEmpty()) {
            options.add("--time=" + resources.time());
        }
        Stream.of(resources.options().split("\\s+", -1))
                .filter(option -> !option.isEmpty())
                .forEach(options::add);
        return options;
    }

    /** Where Slurm writes to; it reads {@code %a} as a task's index, and {@code %%} as a percent sign. */
    private String pattern(String suffix) {
        return folder.toString().replace("%", "%%") + "/%a" + suffix;
    }

    /** Numbers as Slurm writes them, such as {@code 1-4,7}. */
    private static String indices(List<ChildPlan> children) {
        List<Integer> numbers =
                children.stream().map(ChildPlan::number).sorted().toList();
        List<String> ranges = new ArrayList<>();
        for (int from = 0; from < numbers.size(); ) {
            int to = from;
            while (to + 1 < numbers.size() && numbers.get(to + 1) == numbers.get(to) + 1) {
                to++;
            }
            ranges.add(to == from ? "" + numbers.get(from) : numbers.get(from) + "-" + numbers.get(to));
            from = to + 1;
        }
        return String.join(",", ranges);
    }
}
