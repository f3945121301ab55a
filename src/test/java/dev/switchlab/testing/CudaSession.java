package dev.switchlab.testing;

import dev.switchlab.session.CudaLibraries;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/** Tests start DJL by themselves: with the CUDA build of libtorch, DJL must know its libraries before the first one. */
public final class CudaSession implements LauncherSessionListener {

    @Override
    public void launcherSessionOpened(LauncherSession session) {
        CudaLibraries.prepare();
    }
}
