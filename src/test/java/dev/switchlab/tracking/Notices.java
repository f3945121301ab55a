package dev.switchlab.tracking;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Keeps the messages for the user. */
final class Notices implements Consumer<String> {
    private final List<String> all = new CopyOnWriteArrayList<>();

    @Override
    public void accept(String notice) {
        all.add(notice);
    }

    void clear() {
        all.clear();
    }

    List<String> all() {
        return List.copyOf(all);
    }
}
