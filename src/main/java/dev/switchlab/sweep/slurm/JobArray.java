package dev.switchlab.sweep.slurm;

import dev.switchlab.io.WholeFile;
import dev.switchlab.sweep.MakeLine;
import dev.switchlab.sweep.SweepFolder;
import dev.switchlab.sweep.SweepRun;
import dev.switchlab.sweep.SweepSpec.Resources;
import dev.switchlab.sweep.WorkerJvm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Runs as one job array: the script of a task, and the options of {@code sbatch}. A task's index is its run's number.
 *
 * @param folder of the sweep
 * @param resources limits of a run
 * @param threads of a run
 * @param jobs runs at a time; 0 leaves it to the cluster
 */
record JobArray(SweepFolder folder, Resources resources, int threads, int jobs) {

    private static final String INDEX = "\"$SLURM_ARRAY_TASK_ID\"";

    /** Name of the jobs of a sweep, by which a later call finds them. */
    static String name(SweepFolder folder) {
        return "switchlab-" + folder.parentRunId().substring(0, 12);
    }

    /** Writes the script, and returns its path. */
    Path writeScript(WorkerJvm jvm) throws IOException {
        String java = jvm.command(List.of("worker", "--runs")).stream()
                .map(MakeLine::quote)
                .collect(Collectors.joining(" "));
        String here = MakeLine.quote(folder.path().toString());
        Path script = folder.path().resolve("job.sh");
        // exec: the process gets Slurm's signals.
        WholeFile.write(script, """
                #!/bin/bash
                # The run of a sweep with this task's number; a second start resumes it from its checkpoint.
                exec %s %s/%s %s/%s.json
                """.formatted(java, here, INDEX, here, INDEX));
        return script;
    }

    List<String> options(List<SweepRun> runs) {
        List<String> options = new ArrayList<>();
        options.add("--job-name=" + name(folder));
        options.add("--array=" + indices(runs) + (jobs > 0 ? "%" + jobs : ""));
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

    /** File of a task for Slurm, which reads {@code %a} as the task's index and {@code %%} as a percent sign. */
    private String pattern(String suffix) {
        return folder.path().toString().replace("%", "%%") + "/%a" + suffix;
    }

    private static String indices(List<SweepRun> runs) {
        return runs.stream().map(run -> Integer.toString(run.number())).collect(Collectors.joining(","));
    }
}
