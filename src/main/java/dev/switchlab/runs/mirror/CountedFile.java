package dev.switchlab.runs.mirror;

import java.io.FileNotFoundException;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;

/** A file as the body of a request, which tells how much of it has been taken. */
final class CountedFile implements BodyPublisher {
    private final BodyPublisher file;
    private final AtomicLong count = new AtomicLong();

    CountedFile(Path path) throws FileNotFoundException {
        this.file = BodyPublishers.ofFile(path);
    }

    /** Bytes handed to the connection so far. */
    long count() {
        return count.get();
    }

    @Override
    public long contentLength() {
        return file.contentLength();
    }

    @Override
    public void subscribe(Flow.Subscriber<? super ByteBuffer> subscriber) {
        count.set(0);
        file.subscribe(new Flow.Subscriber<ByteBuffer>() {
            @Override
            public void onSubscribe(Flow.Subscription subscription) {
                subscriber.onSubscribe(subscription);
            }

            @Override
            public void onNext(ByteBuffer bytes) {
                count.addAndGet(bytes.remaining());
                subscriber.onNext(bytes);
            }

            @Override
            public void onError(Throwable failure) {
                subscriber.onError(failure);
            }

            @Override
            public void onComplete() {
                subscriber.onComplete();
            }
        });
    }
}
