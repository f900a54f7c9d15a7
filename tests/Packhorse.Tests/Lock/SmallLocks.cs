using System.Text;
using Packhorse.Lock;

namespace Packhorse.Tests.Lock;

/// <summary>One small lock of each version of the format, with what is peculiar to it.</summary>
internal static class SmallLocks
{
    /// <summary>As conda-lock writes it: keys sorted, version at the end, dependencies as mappings, "pip".</summary>
    public const string Version1 = """
        metadata:
          channels:
            - url: conda-forge
              used_env_vars: []
          content_hash: {linux-64: c396, osx-64: c397}
          platforms: [linux-64, osx-64]
          sources: [environment.yml]
        package:
          - category: main
            dependencies: {}
            hash:
              md5: d7c89558ba9fa0495403155b64376d81
              sha256: fe51de6107f9edc7aa4f786a70f4a883943bc9d39b3bb7307c04c41410990726
            manager: conda
            name: _libgcc_mutex
            optional: false
            platform: linux-64
            url: https://conda.anaconda.org/conda-forge/linux-64/_libgcc_mutex-0.1-conda_forge.tar.bz2
            version: "0.1"
          - category: main
            dependencies:
              python: ">=3.7"
              setuptools: ""
              libcblas: 3.9.0 16_linux64
            hash:
              md5: 8025ca83b8ba5430b640b83917c2a6f7
            manager: conda
            name: pip
            optional: false
            platform: osx-64
            url: https://conda.anaconda.org/conda-forge/noarch/pip-23.0.1-pyhd8ed1ab_3.conda
            version: 23.0.1
          - category: main
            dependencies:
              numpy: ">=1.17"
              cycler: ""
            hash:
              sha256: fe8d40c434a8e2c68d64c6d6a04e77f21791a93ff6afe0dce169597c110d3079
            manager: pip
            name: Matplotlib_Base
            optional: false
            platform: osx-64
            source: null
            url: https://files.pythonhosted.org/packages/86/cd/619a/matplotlib_base-3.5.1-cp39-cp39-win_amd64.whl
            version: 3.5.1
        version: 1
        """;

    public const string Version2 = """
        version: 2
        metadata:
          channels: [{url: https://conda.anaconda.org/conda-forge/, used_env_vars: []}]
          platforms: [win-64]
          content_hash: {win-64: c396}
          sources: []
        package:
        - platform: win-64
          name: zlib
          version: 1.2.13
          category: main
          manager: conda
          dependencies:
          - libzlib ==1.2.13 hcfcfb64_4
          - vc >=14.2,<15
          url: https://conda.anaconda.org/conda-forge/win-64/zlib-1.2.13-hcfcfb64_4.tar.bz2
          hash: {md5: eed9fec3e6d2e8865135b09d24ca040c, sha256: eff53c3f9b8ef3cb32bcd5dd1f0dbd11a0e8ab7a7a9fd9e8f16de0e1eaa64d6c}
          optional: false
          build: hcfcfb64_4
          arch: x86_64
          subdir: win-64
          build_number: 4
          track_features: vc14
          license: Zlib
          size: 117158
          timestamp: 1666747904
        """;

    public const string Version3 = """
        version: 3
        metadata:
          content_hash:
            linux-64: c3966519
          channels:
          - url: https://conda.anaconda.org/conda-forge/
            used_env_vars: []
          platforms:
          - linux-64
          sources: []
          time_metadata: null
        package:
        - platform: linux-64
          name: tzdata
          version: 2024a
          category: main
          manager: conda
          dependencies: []
          url: https://conda.anaconda.org/conda-forge/noarch/tzdata-2024a-h0c530f3_0.conda
          hash:
            md5: 161081fc7cec0bfda0d86d7cb595f8d8
            sha256: 7b2b69c54ec62a243eb6fba2391b5e443421608c3ae5dbff938ad33ca8db5122
          build: h0c530f3_0
          arch: x86_64
          subdir: noarch
          build_number: 0
          noarch: generic
          size: 119815
          timestamp: 1706886945727
          purls: []
        - platform: linux-64
          name: six
          version: 1.16.0
          category: main
          manager: pypi
          requires_dist:
          - nothing >=1
          requires_python: '>=2.7, !=3.0.*'
          url: https://files.pythonhosted.org/packages/d9/5a/e7c3/six-1.16.0-py2.py3-none-any.whl
          hash:
            sha256: 8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254
        """;

    public const string Version4 = """
        version: 4
        environments:
          default:
            channels:
            - url: https://conda.anaconda.org/conda-forge/
            packages:
              osx-64:
              - conda: https://conda.anaconda.org/conda-forge/osx-64/mpi-1.0-openmpi.tar.bz2
              - pypi: direct+https://example.org/dl/click-8.1.7-py3-none-any.whl
              - pypi: git+https://github.com/psf/requests.git@0106aced
              - pypi: ./minimal_project
        packages:
        - kind: conda
          name: mpi
          version: '1.0'
          build: openmpi
          subdir: osx-64
          url: https://conda.anaconda.org/conda-forge/osx-64/mpi-1.0-openmpi.tar.bz2
          sha256: 1326b28195e8808cebc18a593f84c5cbd606826a150dd7e0365f11b86238b5df
          md5: 8c3bc725bf4d10fc6e56031f7543771f
          arch: x86_64
          platform: osx
          license: BSD 3-clause
          size: 4394
        - kind: pypi
          name: click
          version: 8.1.7
          url: direct+https://example.org/dl/click-8.1.7-py3-none-any.whl
          requires_dist:
          - colorama ; platform_system == 'Windows'
          requires_python: '>=3.7'
        - kind: pypi
          name: requests
          version: 2.31.0
          url: git+https://github.com/psf/requests.git@0106aced
        - kind: pypi
          name: minimal-project
          version: '0.1'
          path: minimal_project
          sha256: 8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254
          editable: true
        """;

    public const string Version5 = """
        version: 5
        environments:
          default:
            channels:
            - url: https://conda.anaconda.org/conda-forge/
            indexes:
            - https://pypi.org/simple
            find-links:
            - path: ./links
            packages:
              win-64:
              - conda: https://conda.anaconda.org/conda-forge/noarch/tzdata-2024b-hc8b5060_0.conda
              - pypi: ./links/requests-2.31.0-py3-none-any.whl
        packages:
        - kind: conda
          name: tzdata
          version: 2024b
          build: hc8b5060_0
          subdir: noarch
          noarch: generic
          url: https://conda.anaconda.org/conda-forge/noarch/tzdata-2024b-hc8b5060_0.conda
          sha256: 4fde5c3008bf5d2db82f2b50204464314cc3c91c1d953652f7bd01d9e52aefdf
          license: LicenseRef-Public-Domain
          size: 122354
          timestamp: 1728047496079
        - kind: conda
          name: tzdata
          version: 2024b
          build: hc8b5060_0
          subdir: noarch
          noarch: generic
          url: https://conda.anaconda.org/conda-forge/noarch/tzdata-2024b-hc8b5060_0.conda
          md5: 8ac3367aafb1cc0a068483c580af8015
          license: LicenseRef-Public-Domain
          purls: []
          size: 122354
          timestamp: 1728047496079
        - kind: pypi
          name: requests
          version: 2.31.0
          path: ./links/requests-2.31.0-py3-none-any.whl
          requires_dist:
          - idna<4,>=2.5
          requires_python: '>=3.7'
        """;

    public const string Version6 = """
        version: 6
        environments:
          default:
            channels:
            - url: https://conda.anaconda.org/conda-forge/
            indexes:
            - https://pypi.org/simple
            options:
              strategy: lowest-version
            packages:
              linux-64:
              - conda: https://conda.anaconda.org/conda-forge/noarch/tqdm-4.66.1-pyhd8ed1ab_12.conda
              - conda: https://conda.anaconda.org/conda-forge/linux-64/_libgcc_mutex-0.1-conda_forge.tar.bz2
              - conda: https://conda.anaconda.org/conda-forge/linux-64/x264-1%21161.3030-h166bdaf_1.tar.bz2
              - conda: ../minimal-project
                build: first
                subdir: linux-64
              - pypi: https://files.pythonhosted.org/packages/ab/six-1.16.0-py2.py3-none-any.whl
              win-64:
              - conda: ../minimal-project
                subdir: win-64
          empty:
            channels: []
            packages: {}
        packages:
        - conda: ../minimal-project
          name: minimal-project
          version: 0.1
          build: first
          subdir: win-64
        - conda: ../minimal-project
          name: minimal-project
          version: 0.1
          build: first
          subdir: linux-64
          package_build_source:
            git: https://github.com/example/pixi-package.git
            tag: v1.2.0
            rev: def456789012345
          input: {hash: b67010bf, globs: [pixi.toml]}
        - conda: https://conda.anaconda.org/conda-forge/linux-64/_libgcc_mutex-0.1-conda_forge.tar.bz2
          sha256: fe51de6107f9edc7aa4f786a70f4a883943bc9d39b3bb7307c04c41410990726
          md5: d7c89558ba9fa0495403155b64376d81
          license: None
          purls: []
          size: 2562
          timestamp: 1578324546067
        - conda: https://conda.anaconda.org/conda-forge/linux-64/x264-1%21161.3030-h166bdaf_1.tar.bz2
          sha256: 175c0f7d3b0d5a05d5f0d5e2c4e4f0f0a1a3a6c9c5a4bb0f7a1c2d3e4f5a6b7c
          size: 897548
        - conda: https://conda.anaconda.org/conda-forge/noarch/tqdm-4.66.1-pyhd8ed1ab_12.conda
          sha256: fe51de6107f9edc7aa4f786a70f4a883943bc9d39b3bb7307c04c41410990725
          depends:
          - colorama
          - python >=3.7
          constrains: [foo >1]
          track_features: [one, two]
          extra_depends: {notebook: [ipywidgets >=6], dev: [pytest]}
          size: 89492
          timestamp: 1691671248568
        - pypi: https://files.pythonhosted.org/packages/ab/six-1.16.0-py2.py3-none-any.whl
          name: six
          version: 1.16.0
          sha256: 8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254
          requires_python: '>=2.7, !=3.0.*, !=3.1.*, !=3.2.*'
        """;

    public const string Version7 = """
        version: 7
        platforms:
        - name: linux-64
          virtual-packages:
          - __glibc=2.28
        - name: linux-64-cuda
          subdir: linux-64
          virtual-packages:
          - __cuda=12
        - name: gpu-only
          subdir: osx-64
        environments:
          default:
            channels:
            - url: https://prefix.dev/conda-forge/
            packages:
              linux-64:
              - conda: https://prefix.dev/conda-forge/linux-64/openssl-3.6.3-h35e630c_0.conda
              linux-64-cuda:
              - conda: https://prefix.dev/conda-forge/linux-64/openssl-3.6.3-h35e630c_0.conda
              - conda_source: my-package[12345678] @ ./my-package
              - conda_source: partial[abcd1234] @ git+https://example.org/partial.git
              - pypi: ./
          gpu:
            channels: []
            packages:
              linux-64-cuda: []
              gpu-only: []
        packages:
        - conda: https://prefix.dev/conda-forge/linux-64/openssl-3.6.3-h35e630c_0.conda
          build_number: 7
          sha256: fe51de6107f9edc7aa4f786a70f4a883943bc9d39b3bb7307c04c41410990726
          depends:
          - __glibc >=2.17,<3.0.a0
          license: Apache-2.0
          run_exports:
            strong_constrains: [a]
            weak:
            - openssl >=3.6.3,<4.0a0
            noarch: []
          flags: [cuda, 'mkl']
          size: 3164551
        - conda_source: my-package[12345678] @ ./my-package
          version: 0.10
          build: 0
          subdir: noarch
          source: {url: 'https://example.com/package.tar.gz', sha256: abcd}
          host_packages:
          - conda: https://prefix.dev/conda-forge/linux-64/openssl-3.6.3-h35e630c_0.conda
        - conda_source: partial[abcd1234] @ git+https://example.org/partial.git
        - pypi: ./
          name: pixi-repro
          requires_dist:
          - my-subdir @ file:my_subdir
        """;

    public static LockFile Parse(string text) => LockFile.Parse(Encoding.UTF8.GetBytes(text), "pixi.lock");

    public static string Of(int version) =>
        version switch
        {
            1 => Version1,
            2 => Version2,
            3 => Version3,
            4 => Version4,
            5 => Version5,
            6 => Version6,
            7 => Version7,
            _ => throw new ArgumentOutOfRangeException(nameof(version)),
        };
}
