package dev.switchlab.data;

import java.util.function.LongConsumer;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import picocli.CommandLine;

/** Shows how far a download is. */
interface DownloadProgress {

    /** Begins to show a download. */
    Shown start(String name, RemoteFile file);

    /** A download being shown; {@link #accept} takes the number of bytes that have arrived. */
    interface Shown extends LongConsumer, AutoCloseable {
        @Override
        void close();
    }

    /** A bar where a terminal shows it, a plain line where standard error is a file or a pipe. */
    static DownloadProgress onStandardError() {
        // Picocli knows a terminal from a pipe on every JDK; System.console() alone has not told since JDK 22.
        return CommandLine.Help.Ansi.AUTO.enabled() ? DownloadProgress::bar : DownloadProgress::line;
    }

    private static Shown bar(String name, RemoteFile file) {
        ProgressBar bar = new ProgressBarBuilder()
                .setTaskName("downloading " + name)
                .setInitialMax(file.size())
                .setUnit(" KiB", 1024)
                .setConsumer(new ConsoleProgressBarConsumer(System.err))
                .build();
        return new Shown() {
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

    private static Shown line(String name, RemoteFile file) {
        System.err.printf("downloading %s (%,d bytes) from %s%n", name, file.size(), file.uri());
        return new Shown() {
            @Override
            public void accept(long bytes) {
                // One line says it all; a log file is not read while it grows.
            }

            @Override
            public void close() {
                // Nothing is open.
            }
        };
    }
}
