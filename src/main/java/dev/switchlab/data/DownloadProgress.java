package dev.switchlab.data;

import dev.switchlab.io.Bar;
import java.util.function.LongConsumer;

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
        return (name, file) -> {
            Bar bar = Bar.ofBytes("downloading " + name, file.size());
            if (!bar.isDrawn()) {
                bar.println("downloading %s (%,d bytes) from %s".formatted(name, file.size(), file.uri()));
            }
            return new Shown() {
                @Override
                public void accept(long bytes) {
                    bar.reached(bytes);
                }

                @Override
                public void close() {
                    bar.close();
                }
            };
        };
    }
}
