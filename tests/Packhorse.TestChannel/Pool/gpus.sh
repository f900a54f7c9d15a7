#!/bin/sh
# TEST CODE: what condor_gpu_discovery would say of a GPU that is not there: the node's name, its capability, the newest CUDA of its driver.
# HTCondor's own simulation knows no drivers.
if [ $# = 0 ]; then
    echo DetectedGPUs=0
    exit
fi
printf 'DetectedGPUs="GPU-%s"\n' "$1"
printf 'Common=[ Capability=%s; DeviceName="Test GPU"; DriverVersion=%s; GlobalMemoryMb=40960; MaxSupportedVersion=%s; ]\n' \
    "$2" "$3" "${3%%.*}0${3#*.}0"
printf 'GPU_%s=[ id="GPU-%s"; DeviceUuid="%s"; ]\n' "$1" "$1" "$1"
