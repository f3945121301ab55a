package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunLockTest {

    @TempDir
    Path folder;

    @Test
    void aRunIsTrainedOnceAtATime() {
        Path checkpoints = folder.resolve("checkpoints").resolve("run");
        try (RunLock lock = RunLock.take(checkpoints, "17")) {
            assertThat(lock.folder()).isEqualTo(checkpoints).isDirectory();
            assertThatThrownBy(() -> RunLock.take(checkpoints, "17"))
                    .isInstanceOf(TrainingException.class)
                    .hasMessage(
                            "run 17 is being trained by another process; end that first (Ctrl-C saves what it reached)");
        }
        RunLock.take(checkpoints, "17").close();
    }
}
