package dev.switchlab.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Says how to see runs in MLflow's UI. */
@Command(name = "ui", description = "Say how to see the runs in MLflow's UI.")
final class UiCommand implements Runnable {

    @Mixin
    private StoreOptions tracking;

    @Override
    public void run() {
        System.out.println("MLflow's UI (version 3.7 or newer, pip install mlflow) opens the store as it is:");
        System.out.println("  " + tracking.howToLook());
        System.out.println(
                "Compare: tick runs and press Compare, or open /#/experiments/<id>/runs?compareRunsMode=CHART");
    }
}
