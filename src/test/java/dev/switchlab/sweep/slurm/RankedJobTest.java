package dev.switchlab.sweep.slurm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.cli.FourSteps;
import dev.switchlab.testing.NeedsMpi;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One run as a job of two tasks on a real Slurm, which starts the ranks itself. */
@Tag("slurm")
@NeedsMpi
@Timeout(300)
final class RankedJobTest {

    @TempDir
    Path folder;

    @Test
    void srunStartsTheRanks() throws Exception {
        SlurmCluster cluster = SlurmCluster.start(folder.resolve("cluster"));
        try {
            Path runs = folder.resolve("runs");
            List<String> job = new ArrayList<>(List.of("srun", "--mpi=pmix", "--nodes=1", "--ntasks=2"));
            job.addAll(FourSteps.command(runs));
            List<String> lines = cluster.run(job.toArray(String[]::new));
            assertThat(lines)
                    .anyMatch(line -> line.startsWith("device") && line.contains("2 ranks of 1 threads"))
                    .anyMatch(line -> line.startsWith("done in"));
            FourSteps.assertFinished(runs, 2);
        } finally {
            cluster.stop();
        }
    }
}
