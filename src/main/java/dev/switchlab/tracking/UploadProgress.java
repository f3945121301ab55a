package dev.switchlab.tracking;

import java.util.function.LongConsumer;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import picocli.CommandLine;

/** Shows how far the upload of a large file is. */
interface UploadProgress extends LongConsumer, AutoCloseable {
    /** Smaller files are gone before a bar could be read, in bytes. */
    long LARGE = 8L << 20;

    @Override
    void close();

    /** Whether standard error is a terminal. Picocli tells it from a pipe on every JDK; System.console() has not since JDK 22. */
    static boolean isTerminal() {
        return CommandLine.Help.Ansi.AUTO.enabled();
    }

    static UploadProgress none() {
        return new UploadProgress() {
            @Override
            public void accept(long bytes) {
                // Nobody looks.
            }

            @Override
            public void close() {
                // Nothing is open.
            }
        };
    }

    /** A bar on standard error. */
    static UploadProgress bar(String path, long size) {
        ProgressBar bar = new ProgressBarBuilder()
                .setTaskName("uploading " + path)
                .setInitialMax(size)
                .setUnit(" MiB", 1 << 20)
                .setConsumer(new ConsoleProgressBarConsumer(System.err))
                .build();
        return new UploadProgress() {
            @Override
            public void accept(long bytes) {
                bar.stepTo(bytes);
            }

            @Override
            public void close() {
                bar.close();
            }
        };
    }
}
